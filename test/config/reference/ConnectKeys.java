import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.runtime.distributed.DistributedConfig;

/** For each component a line of its configuration keys: key, type and default with U+001E between, separated by U+001F. */
public class ConnectKeys {
  public static void main(String[] arguments) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String component; (component = lines.readLine()) != null; ) System.out.println(shown(definition(component)));
  }

  static ConfigDef definition(String component) throws Exception {
    switch (component) {
      case "producer": return ProducerConfig.configDef();
      case "consumer": return ConsumerConfig.configDef();
      case "admin": return AdminClientConfig.configDef();
      case "worker": {
        Map<String, String> needed = new HashMap<>();
        for (String key : List.of("group.id", "offset.storage.topic", "config.storage.topic", "status.storage.topic"))
          needed.put(key, "x");
        for (String key : List.of("key.converter", "value.converter"))
          needed.put(key, "org.apache.kafka.connect.json.JsonConverter");
        needed.put("bootstrap.servers", "x:1");
        Field definition = AbstractConfig.class.getDeclaredField("definition");
        definition.setAccessible(true);
        return (ConfigDef) definition.get(new DistributedConfig(needed));
      }
      default: {
        Object made = Class.forName(component).getDeclaredConstructor().newInstance();
        return (ConfigDef) made.getClass().getMethod("config").invoke(made);
      }
    }
  }

  static String shown(ConfigDef definition) {
    StringBuilder line = new StringBuilder();
    for (ConfigDef.ConfigKey key : new TreeMap<>(definition.configKeys()).values()) {
      Object value = key.defaultValue == ConfigDef.NO_DEFAULT_VALUE ? null : key.defaultValue;
      String text = ConfigDef.convertToString(value, key.type);
      if (line.length() > 0) line.append('\u001f');
      line.append(key.name).append('\u001e').append(key.type).append('\u001e').append(text == null ? "" : text.replace("class ", ""));
    }
    return line.toString();
  }
}

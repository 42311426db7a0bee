import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Per line a record and its transforms as JSON in base64, prints the transformed record as JSON in base64, `null` where it is
 * dropped, or `error` and the message. Keys, values and headers are the texts that JsonConverter reads and writes.
 */
public class ConnectTransforms {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonConverter CONVERTER = new JsonConverter();

  public static void main(String[] args) throws Exception {
    CONVERTER.configure(Map.of("schemas.enable", "true", "replace.null.with.default", "false"), false);
    PrintStream out = System.out;
    System.setOut(System.err);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String answer;
      try {
        answer = answer(JSON.readTree(Base64.getDecoder().decode(line)));
      } catch (RuntimeException e) {
        answer = "error " + e.toString().replaceAll("\\s+", " ");
      }
      out.println(answer);
    }
    out.flush();
  }

  @SuppressWarnings("unchecked")
  private static String answer(JsonNode line) throws Exception {
    SchemaAndValue key = read(line.get("key"));
    SchemaAndValue value = read(line.get("value"));
    ConnectHeaders headers = new ConnectHeaders();
    for (JsonNode header : line.get("headers")) headers.add(header.get(0).asText(), read(header.get(1)));
    SinkRecord record = new SinkRecord(line.get("topic").asText(), 3, key.schema(), key.value(), value.schema(), value.value(),
        42, line.get("timestamp").asLong(), TimestampType.CREATE_TIME, headers);
    for (JsonNode each : line.get("transforms")) {
      Map<String, String> config = new HashMap<>();
      each.get("config").properties().forEach(entry -> config.put(entry.getKey(), entry.getValue().asText()));
      try (Transformation<SinkRecord> transform =
          (Transformation<SinkRecord>) Class.forName(each.get("type").asText()).getDeclaredConstructor().newInstance()) {
        transform.configure(config);
        record = transform.apply(record);
      }
      if (record == null) return "null";
    }
    ObjectNode answer = JSON.createObjectNode();
    answer.put("topic", record.topic());
    answer.put("key", written(record.keySchema(), record.key()));
    answer.put("value", written(record.valueSchema(), record.value()));
    ArrayNode list = answer.putArray("headers");
    for (Header header : record.headers()) list.addArray().add(header.key()).add(written(header.schema(), header.value()));
    return Base64.getEncoder().encodeToString(JSON.writeValueAsBytes(answer));
  }

  private static SchemaAndValue read(JsonNode text) {
    return text.isNull() ? SchemaAndValue.NULL : CONVERTER.toConnectData("t", text.asText().getBytes(StandardCharsets.UTF_8));
  }

  private static String written(org.apache.kafka.connect.data.Schema schema, Object value) {
    return schema == null && value == null
        ? null
        : new String(CONVERTER.fromConnectData("t", schema, value), StandardCharsets.UTF_8);
  }
}

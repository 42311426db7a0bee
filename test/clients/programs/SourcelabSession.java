import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.sourcelab.kafka.connect.apiclient.Configuration;
import org.sourcelab.kafka.connect.apiclient.KafkaConnectClient;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorPluginConfigDefinition;
import org.sourcelab.kafka.connect.apiclient.request.dto.NewConnectorDefinition;
import org.sourcelab.kafka.connect.apiclient.request.post.PostConnectorRestart;

/**
 * Calls methods of KafkaConnectClient. Each line of stdin is {"method", "args"}; each answer is a line of stdout:
 * {"result"}, or {"error", "message"} with the exception's class. Arguments: URL [USER PASSWORD].
 */
public class SourcelabSession {
  private static final ObjectMapper json = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    Configuration configuration = new Configuration(args[0]);
    if (args.length > 1) configuration.useBasicAuth(args[1], args[2]);
    KafkaConnectClient client = new KafkaConnectClient(configuration);
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      byte[] answer = json.writeValueAsBytes(call(client, json.readTree(line)));
      System.out.write(answer, 0, answer.length);
      System.out.write('\n');
      System.out.flush();
    }
  }

  private static Object call(KafkaConnectClient client, JsonNode request) throws Exception {
    JsonNode args = request.get("args");
    for (Method method : KafkaConnectClient.class.getMethods()) {
      if (!method.getName().equals(request.get("method").asText()) || !accepts(method, args)) continue;
      Object[] values = new Object[args.size()];
      for (int i = 0; i < values.length; i++) values[i] = convert(args.get(i), method.getParameterTypes()[i]);
      try {
        Object result = method.invoke(client, values);
        // Of the type that the method declares: it answers objects that have more, and fail to tell it.
        byte[] text = json.writerFor(json.constructType(method.getGenericReturnType())).writeValueAsBytes(result);
        return Map.of("result", json.readTree(text));
      } catch (InvocationTargetException error) {
        Throwable cause = error.getCause();
        return Map.of("error", cause.getClass().getSimpleName(), "message", String.valueOf(cause.getMessage()));
      }
    }
    throw new IllegalArgumentException("no such method: " + request);
  }

  /** restartConnector takes a name or a request. */
  private static boolean accepts(Method method, JsonNode args) {
    if (method.getParameterCount() != args.size()) return false;
    return args.isEmpty() || args.get(0).isTextual() == (method.getParameterTypes()[0] == String.class);
  }

  private static Object convert(JsonNode value, Class<?> type) {
    if (type == NewConnectorDefinition.class) return new NewConnectorDefinition(name(value), config(value));
    if (type == ConnectorPluginConfigDefinition.class)
      return new ConnectorPluginConfigDefinition(name(value), config(value));
    if (type == PostConnectorRestart.class)
      return new PostConnectorRestart(name(value))
          .withIncludeTasks(value.get("includeTasks").asBoolean())
          .withOnlyFailed(value.get("onlyFailed").asBoolean());
    return json.convertValue(value, type);
  }

  private static String name(JsonNode value) {
    return value.get("name").asText();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, String> config(JsonNode value) {
    return json.convertValue(value.get("config"), Map.class);
  }
}

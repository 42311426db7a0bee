import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.connect.data.ConnectSchema;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.storage.SimpleHeaderConverter;

/**
 * Per line, `read` and the bytes of a header in base64, or `write` and a value as JsonConverter writes it in base64; prints
 * what SimpleHeaderConverter makes of it. Read: the text that `Values` left unread, the schema and the value, each in base64.
 * Written: the bytes in base64. `error` and the message where it refuses.
 */
public class ConnectValues {
  private static final JsonConverter JSON = new JsonConverter();
  private static final SimpleHeaderConverter HEADERS = new SimpleHeaderConverter();

  public static void main(String[] args) throws Exception {
    JSON.configure(Map.of("schemas.enable", "true", "replace.null.with.default", "false"), false);
    PrintStream out = System.out;
    System.setOut(System.err);
    StringBuilder answers = new StringBuilder();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] parts = line.split(" ", -1);
      byte[] bytes = Base64.getDecoder().decode(parts[1]);
      try {
        answers.append(parts[0].equals("read") ? read(bytes) : written(bytes));
      } catch (RuntimeException e) {
        answers.append("error ").append((e + " " + e.getCause()).replaceAll("\\s+", " "));
      }
      answers.append('\n');
    }
    out.print(answers);
    out.flush();
  }

  private static String written(byte[] json) {
    SchemaAndValue value = JSON.toConnectData("t", json);
    byte[] bytes = HEADERS.fromConnectHeader("t", "h", value.schema(), value.value());
    return bytes == null ? "null" : base64(bytes);
  }

  private static String read(byte[] bytes) throws Exception {
    SchemaAndValue read = HEADERS.toConnectHeader("t", "h", bytes);
    if (read == null) read = SchemaAndValue.NULL;
    boolean typed = fits(read.schema(), read.value());
    String schema = typed ? schemaText(read.schema()) : "none";
    String rest = rest(new String(bytes, StandardCharsets.UTF_8));
    return base64(rest) + " " + base64(schema) + " " + base64(valueText(read.value(), typed));
  }

  /** Where the parser stood when it answered. */
  private static String rest(String text) throws Exception {
    if (text.isEmpty()) return "";
    Object parser = instance("org.apache.kafka.connect.data.Values$Parser", text);
    Object values = instance("org.apache.kafka.connect.data.Values$ValueParser", parser);
    call(values, "parse", false);
    return text.substring((int) call(parser, "mark"));
  }

  private static Object instance(String name, Object argument) throws Exception {
    Constructor<?> constructor = Class.forName(name).getDeclaredConstructors()[0];
    constructor.setAccessible(true);
    return constructor.newInstance(argument);
  }

  private static Object call(Object target, String name, Object... arguments) throws Exception {
    for (Method method : target.getClass().getDeclaredMethods()) {
      if (!method.getName().equals(name) || method.getParameterCount() != arguments.length) continue;
      method.setAccessible(true);
      return method.invoke(target, arguments);
    }
    throw new NoSuchMethodException(name);
  }

  /** Whether a schema says of all parts of a value what they are, so that a converter can write it. */
  private static boolean fits(Schema schema, Object value) {
    if (schema == null) return false;
    if (value instanceof List<?> list)
      return schema.type() == Schema.Type.ARRAY && schema.valueSchema() != null
          && list.stream().allMatch(item -> fits(schema.valueSchema(), item));
    if (value instanceof Map<?, ?> map)
      return schema.type() == Schema.Type.MAP && schema.keySchema() != null && schema.valueSchema() != null
          && map.entrySet().stream()
              .allMatch(entry -> fits(schema.keySchema(), entry.getKey()) && fits(schema.valueSchema(), entry.getValue()));
    try {
      ConnectSchema.validateValue(schema, value);
      if (Decimal.LOGICAL_NAME.equals(schema.name())) Decimal.fromLogical(schema, (BigDecimal) value);
      if (Time.LOGICAL_NAME.equals(schema.name())) Time.fromLogical(schema, (Date) value);
      if (Timestamp.LOGICAL_NAME.equals(schema.name())) Timestamp.fromLogical(schema, (Date) value);
      if (org.apache.kafka.connect.data.Date.LOGICAL_NAME.equals(schema.name()))
        org.apache.kafka.connect.data.Date.fromLogical(schema, (Date) value);
      return true;
    } catch (DataException e) {
      return false;
    }
  }

  private static String schemaText(Schema schema) {
    String type = schema.type().getName();
    if (schema.type() == Schema.Type.ARRAY) type += "(" + schemaText(schema.valueSchema()) + ")";
    if (schema.type() == Schema.Type.MAP) type += "(" + schemaText(schema.keySchema()) + "," + schemaText(schema.valueSchema()) + ")";
    String parameters = schema.parameters() == null ? "" : new TreeMap<>(schema.parameters()).toString();
    return type + (schema.isOptional() ? "?" : "") + (schema.name() == null ? "" : " " + schema.name() + " " + schema.version() + parameters);
  }

  /** Without a schema, Millrace has one type of floats: one that a float may have been is printed as a float. */
  private static String valueText(Object value, boolean typed) {
    if (value instanceof String text) return "\"" + base64(text) + "\"";
    if (value instanceof Double number && (typed || !Float.isFinite(number.floatValue())))
      return "d" + Long.toHexString(Double.doubleToLongBits(number));
    if (value instanceof Float || value instanceof Double)
      return "f" + Integer.toHexString(Float.floatToIntBits(((Number) value).floatValue()));
    if (value instanceof BigDecimal number) return "n" + number.unscaledValue() + "/" + number.scale();
    if (value instanceof Date date) return "@" + date.getTime();
    if (value instanceof List<?> list)
      return "[" + String.join(",", list.stream().map(item -> valueText(item, typed)).toList()) + "]";
    if (value instanceof Map<?, ?> map)
      return "{" + String.join(",", map.entrySet().stream()
          .map(entry -> valueText(entry.getKey(), typed) + ":" + valueText(entry.getValue(), typed)).toList()) + "}";
    return String.valueOf(value);
  }

  private static String base64(String text) {
    return base64(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }
}

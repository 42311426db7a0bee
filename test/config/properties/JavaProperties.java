import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** Per line a text in base64, prints `refused` or `=` and its keys and values in the order of the keys, each in base64. */
public class JavaProperties {
  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.US_ASCII);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(answer(new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8)));
    }
    out.flush();
  }

  private static String answer(String text) throws Exception {
    Properties properties = new Properties();
    try {
      properties.load(new StringReader(text));
    } catch (IllegalArgumentException e) {
      return "refused";
    }
    StringBuilder answer = new StringBuilder("=");
    for (Map.Entry<Object, Object> entry : new TreeMap<>(properties).entrySet()) {
      answer.append(' ').append(encoded(entry.getKey())).append(' ').append(encoded(entry.getValue()));
    }
    return answer.toString();
  }

  /** UTF-16, byte by byte, since escapes write halves of characters too. */
  private static String encoded(Object value) {
    String text = (String) value;
    byte[] bytes = new byte[2 * text.length()];
    for (int i = 0; i < text.length(); i++) {
      bytes[2 * i] = (byte) text.charAt(i);
      bytes[2 * i + 1] = (byte) (text.charAt(i) >> 8);
    }
    return Base64.getEncoder().encodeToString(bytes);
  }
}

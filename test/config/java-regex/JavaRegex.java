import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Per line `pattern flags text replacement` in base64, prints `refused` or `matches replaced`, as Java has them. */
public class JavaRegex {
  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.US_ASCII);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] cells = line.split(" ", -1);
      out.println(answer(text(cells[0]), Integer.parseInt(cells[1]), text(cells[2]), text(cells[3])));
    }
    out.flush();
  }

  private static String answer(String pattern, int flags, String text, String replacement) {
    Matcher matcher;
    try {
      matcher = Pattern.compile(pattern, flags).matcher(text);
    } catch (PatternSyntaxException e) {
      return "refused";
    }
    boolean matches = matcher.matches();
    try {
      return matches + " " + base64(matcher.replaceFirst(replacement));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      return matches + " !";
    }
  }

  private static String text(String base64) {
    return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.text.SimpleDateFormat;
import java.util.Base64;
import java.util.Date;
import java.util.TimeZone;

/**
 * Per line `pattern write milliseconds` or `pattern read text`, texts in base64: prints the text in base64 or the
 * milliseconds, `refused` for a pattern and `unreadable` for a text that Java does not take.
 */
public class JavaDates {
  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.US_ASCII);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] cells = line.split(" ", -1);
      out.println(answer(text(cells[0]), cells[1], cells[2]));
    }
    out.flush();
  }

  private static String answer(String pattern, String act, String value) {
    SimpleDateFormat format;
    try {
      format = new SimpleDateFormat(pattern);
    } catch (IllegalArgumentException e) {
      return "refused";
    }
    // A new format for each line, since one that has read the name of a time zone goes on in that zone.
    format.setTimeZone(TimeZone.getTimeZone("UTC"));
    if (act.equals("write")) {
      String text = format.format(new Date(Long.parseLong(value)));
      return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
    try {
      return Long.toString(format.parse(text(value)).getTime());
    } catch (java.text.ParseException e) {
      return "unreadable";
    }
  }

  private static String text(String base64) {
    return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
  }
}

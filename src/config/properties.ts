/**
 * Java's properties format, as `java.util.Properties.load` reads it: comments with # and !, `=`, `:` or blanks behind
 * the key, lines that go on behind a backslash, `\t \n \r \f \uXXXX`. The text is UTF-8 and not Latin-1. The last of
 * several equal keys counts.
 */
export function parseProperties(text: string): Record<string, string> {
  const found = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const [key, value] = split(line);
    found.set(unescaped(key), unescaped(value));
  }
  return Object.fromEntries(found);
}

/** Lines with their continuations, without blank and comment lines. */
function* logicalLines(text: string): Generator<string> {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  for (let i = 0; i < lines.length; i++) {
    let line = withoutLead(lines[i]);
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue;
    const parts: string[] = [];
    while (goesOn(line)) {
      parts.push(line.slice(0, -1));
      // A comment or a blank line does not end what goes on: it belongs to it.
      line = withoutLead(lines[++i]);
    }
    parts.push(line);
    const whole = parts.join('');
    if (whole !== '') yield whole;
  }
}

const withoutLead = (line = ''): string => line.replace(/^[ \t\f]+/, '');

/** An odd number of backslashes at the end. */
const goesOn = (line: string): boolean => ((/(?<!\\)\\+$/.exec(line)?.[0].length ?? 0) & 1) === 1;

function split(line: string): readonly [key: string, value: string] {
  // The key ends at the first separator that no backslash hides.
  const key = /^(?:\\.|[^\\=: \t\f])*/su.exec(line)?.[0] ?? '';
  return [key, line.slice(key.length).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')];
}

const letters: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

const unescaped = (text: string): string =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|(.?))/gsu, (_all, hex: string | undefined, char: string | undefined) =>
    hex === undefined ? (letters[char ?? ''] ?? char ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );

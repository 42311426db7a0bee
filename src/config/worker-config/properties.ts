/**
 * Java's properties format, as `java.util.Properties.load` reads it: comments with # and !, `=`, `:` or blanks behind
 * the key, lines that go on behind a backslash, `\t \n \r \f \uXXXX`. The text is UTF-8 and not Latin-1. The last of
 * several equal keys counts. Throws SyntaxError, with the line, for `\u` without four hexadecimal digits.
 */
export function parseProperties(text: string): Record<string, string> {
  const found = new Map<string, string>();
  for (const { line, number } of logicalLines(text)) {
    const [key, value] = split(line);
    found.set(unescaped(key, number), unescaped(value, number));
  }
  return Object.fromEntries(found);
}

interface LogicalLine {
  readonly line: string;
  /** Its first line in the text, from 1. */
  readonly number: number;
}

/** Lines with their continuations, without blank and comment lines. */
function* logicalLines(text: string): Generator<LogicalLine> {
  let line = '';
  let number = 0;
  for (const [i, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const part = raw.replace(/^[ \t\f]+/, '');
    if (line === '') {
      // Within a line that goes on, blank and comment lines belong to it.
      if (part === '' || isComment(part)) continue;
      number = i + 1;
    }
    if (goesOn(part)) {
      line += part.slice(0, -1);
      continue;
    }
    yield { line: line + part, number };
    line = '';
  }
  if (line !== '') yield { line, number };
}

const isComment = (line: string): boolean => line.startsWith('#') || line.startsWith('!');

/** An odd number of backslashes at the end. */
const goesOn = (line: string): boolean => ((/(?<!\\)\\+$/.exec(line)?.[0].length ?? 0) & 1) === 1;

function split(line: string): readonly [key: string, value: string] {
  // The key ends at the first separator that no backslash hides.
  const key = /^(?:\\.|[^\\=: \t\f])*/su.exec(line)?.[0] ?? '';
  return [key, line.slice(key.length).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')];
}

const letters: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

const unescaped = (text: string, line: number): string =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|(.?))/gsu, (_all, hex: string | undefined, char = '') => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (char === 'u')
      throw new SyntaxError(
        `line ${line} has \\u without four hexadecimal digits: write a backslash as \\\\, or a path with /`,
      );
    return letters[char] ?? char;
  });

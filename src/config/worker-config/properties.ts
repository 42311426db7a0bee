/**
 * Parses Java's properties format like `java.util.Properties.load`: comments with # and !, `=`, `:` or blanks after the
 * key, line continuation with a backslash, `\t \n \r \f \uXXXX`. The encoding is UTF-8 instead of Latin-1. The last of
 * several equal keys wins. Throws SyntaxError, with the line, for `\u` without four hexadecimal digits.
 */
export function parseProperties(text: string): Record<string, string> {
  const entries = new Map<string, string>();
  for (const { line, number } of logicalLines(text)) {
    const [key, value] = splitKey(line);
    entries.set(decodeEscapes(key, number), decodeEscapes(value, number));
  }
  return Object.fromEntries(entries);
}

interface LogicalLine {
  readonly line: string;
  /** First line in the text, from 1. */
  readonly number: number;
}

/** Joins continued lines and skips blank and comment lines. */
function* logicalLines(text: string): Generator<LogicalLine> {
  let line = '';
  let number = 0;
  for (const [i, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const part = raw.replace(/^[ \t\f]+/, '');
    if (line === '') {
      // Blank and comment lines are part of a continued line.
      if (part === '' || isComment(part)) continue;
      number = i + 1;
    }
    if (isContinued(part)) {
      line += part.slice(0, -1);
      continue;
    }
    yield { line: line + part, number };
    line = '';
  }
  if (line !== '') yield { line, number };
}

const isComment = (line: string): boolean => line.startsWith('#') || line.startsWith('!');

/** True for an odd number of backslashes at the end. */
const isContinued = (line: string): boolean => ((/(?<!\\)\\+$/.exec(line)?.[0].length ?? 0) & 1) === 1;

function splitKey(line: string): readonly [key: string, value: string] {
  // The key ends at the first separator that is not escaped.
  const key = /^(?:\\.|[^\\=: \t\f])*/su.exec(line)?.[0] ?? '';
  return [key, line.slice(key.length).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')];
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

const decodeEscapes = (text: string, line: number): string =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|(.?))/gsu, (_all, hex: string | undefined, char = '') => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (char === 'u')
      throw new SyntaxError(
        `line ${line} has \\u without four hexadecimal digits: write a backslash as \\\\, or a path with /`,
      );
    return escapes[char] ?? char;
  });

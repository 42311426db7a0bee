/** A run of one letter. `index` is its position in the pattern. */
export interface LetterRun {
  readonly letter: string;
  readonly count: number;
  readonly index: number;
}

export type PatternPart = string | LetterRun;

const LETTERS = 'GyYMLwWDdFEuaHkKhmsSzZX';

/** Parses a pattern of `java.text.SimpleDateFormat`. Throws SyntaxError if Java rejects the pattern. */
export function parsePattern(pattern: string): readonly PatternPart[] {
  const parts: PatternPart[] = [];
  let literal = '';
  let quoteStart: number | undefined;
  const endLiteral = () => {
    if (literal !== '') parts.push(literal);
    literal = '';
  };
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern[index] ?? '';
    if (char === "'") {
      // Two quotes stand for one quote character, also inside quotes.
      if (pattern[index + 1] === "'") {
        literal += char;
        index++;
      } else quoteStart = quoteStart === undefined ? index : undefined;
    } else if (quoteStart === undefined && /[A-Za-z]/.test(char)) {
      endLiteral();
      const run = letterRunAt(pattern, index);
      parts.push(run);
      index += run.count - 1;
    } else literal += char;
  }
  if (quoteStart !== undefined) throw new SyntaxError(`Unterminated quote at position ${quoteStart}`);
  endLiteral();
  return parts;
}

function letterRunAt(pattern: string, index: number): LetterRun {
  const letter = pattern[index] ?? '';
  if (!LETTERS.includes(letter)) throw new SyntaxError(`Illegal pattern character '${letter}' at position ${index}`);
  let end = index;
  while (pattern[end] === letter) end++;
  const count = end - index;
  if (letter === 'X' && count > 3)
    throw new SyntaxError(`Invalid ISO 8601 time zone at position ${index}: X has one to three letters, not ${count}`);
  return { letter, count, index };
}

/** Returns true for fields that are read and written as numbers. */
export const isNumber = ({ letter, count }: LetterRun): boolean =>
  !'GEazZX'.includes(letter) && !(isMonth(letter) && count >= 3);

export const isMonth = (letter: string): boolean => letter === 'M' || letter === 'L';

/** A run of one letter; `index` is its place in the pattern. */
export interface Letters {
  readonly letter: string;
  readonly count: number;
  readonly index: number;
}

export type PatternPart = string | Letters;

const LETTERS = 'GyYMLwWDdFEuaHkKhmsSzZX';

/** Reads a pattern of `java.text.SimpleDateFormat`. Throws SyntaxError where Java refuses the pattern. */
export function patternParts(pattern: string): readonly PatternPart[] {
  const parts: PatternPart[] = [];
  let literal = '';
  let quotedSince: number | undefined;
  const endLiteral = () => {
    if (literal !== '') parts.push(literal);
    literal = '';
  };
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern[index] ?? '';
    if (char === "'") {
      // Two quotes are one character, within quotes too.
      if (pattern[index + 1] === "'") {
        literal += char;
        index++;
      } else quotedSince = quotedSince === undefined ? index : undefined;
    } else if (quotedSince === undefined && /[A-Za-z]/.test(char)) {
      endLiteral();
      const run = lettersAt(pattern, index);
      parts.push(run);
      index += run.count - 1;
    } else literal += char;
  }
  if (quotedSince !== undefined) throw new SyntaxError(`Unterminated quote at position ${quotedSince}`);
  endLiteral();
  return parts;
}

function lettersAt(pattern: string, index: number): Letters {
  const letter = pattern[index] ?? '';
  if (!LETTERS.includes(letter)) throw new SyntaxError(`Illegal pattern character '${letter}' at position ${index}`);
  let end = index;
  while (pattern[end] === letter) end++;
  const count = end - index;
  if (letter === 'X' && count > 3)
    throw new SyntaxError(`Invalid ISO 8601 time zone at position ${index}: X has one to three letters, not ${count}`);
  return { letter, count, index };
}

/** Fields that are read and written as numbers. */
export const isNumber = ({ letter, count }: Letters): boolean =>
  !'GEazZX'.includes(letter) && !(isMonth(letter) && count >= 3);

export const isMonth = (letter: string): boolean => letter === 'M' || letter === 'L';

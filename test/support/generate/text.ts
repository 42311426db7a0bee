import fc from 'fast-check';

/** Characters with a special meaning in URLs, JSON, SQL, regular expressions, shells, file names or metric labels. */
export const SPECIAL = [...' .-_~%+?#&=:;@,!*^|<>()[]{}$`\'"'];
/**
 * Wide, combining and right-to-left characters, characters whose case folding has several letters, and characters
 * outside the basic plane.
 */
export const UNICODE = [...'äßéñıİﬀΩд数据שׁ한', 'e\u0301', '🦀', '👩‍🚀', '\u00a0', '\u200b', '\u2028'];
export const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
export const MIXED = [...'abcXYZ019'];
/** Keys of `Object.prototype`, and words with a meaning in JSON, SQL or Millrace's topics and paths. */
export const WORDS = [
  ...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'null', 'undefined', 'true', 'NaN'],
  ...['select', 'table', 'user', 'order', 'group', 'offset', 'connectors', 'status', 'secret', 'dlq', '0', '-1'],
];

export const withinBytes = (text: string, bytes: number): boolean => Buffer.byteLength(text) <= bytes;

/** The longest prefix of a text of at most `bytes` bytes that ends between two characters. */
export function truncate(text: string, bytes: number): string {
  let prefix = '';
  for (const character of text)
    if (withinBytes(prefix + character, bytes)) prefix += character;
    else break;
  return prefix;
}

/** Texts of 1 to `max` bytes: the given lengths first, all alphabets equally often. */
export function texts(alphabets: readonly (readonly string[])[], max: number, lengths: readonly number[]) {
  const length = fc.oneof(fc.constantFrom(1, max, ...lengths), fc.integer({ min: 1, max }));
  const alphabet = fc.oneof(...alphabets.map(letters => fc.constant(letters)));
  return fc.tuple(length, alphabet).chain(([bytes, letters]) =>
    fc
      .array(fc.constantFrom(...letters), { minLength: bytes, maxLength: bytes })
      .map(parts => truncate(parts.join(''), bytes))
      .filter(text => text !== ''),
  );
}

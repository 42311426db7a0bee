const missing: Partial<Record<BufferEncoding, RegExp>> = {
  utf8: /\p{Surrogate}/gu,
  ascii: /[\u0080-\u{10ffff}]/gu,
  latin1: /[\u0100-\u{10ffff}]/gu,
};

/** The text as Java's `String.getBytes` encodes it: `?` for each character that the character set lacks. */
export function encodable(text: string, encoding: BufferEncoding): string {
  if (encoding === 'utf8' && text.isWellFormed()) return text;
  const characters = missing[encoding];
  return characters === undefined ? text : text.replace(characters, '?');
}

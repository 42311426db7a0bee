const unmappable: Partial<Record<BufferEncoding, RegExp>> = {
  utf8: /\p{Surrogate}/gu,
  ascii: /[\u0080-\u{10ffff}]/gu,
  latin1: /[\u0100-\u{10ffff}]/gu,
};

/** Replaces each character that the character set lacks by `?`, like Java's `String.getBytes`. */
export function replaceUnmappable(text: string, encoding: BufferEncoding): string {
  if (encoding === 'utf8' && text.isWellFormed()) return text;
  const characters = unmappable[encoding];
  return characters === undefined ? text : text.replace(characters, '?');
}

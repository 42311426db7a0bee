import type { Value } from '../../../src/api/index.ts';
import type { Codec } from './codec.ts';

const CAST = String.raw`(?:::[\w". ]+(?:\([\d, ]+\))?(?:\[\])*)?`;
const STRING = new RegExp(`^'((?:[^']|'')*)'${CAST}$`, 's');
const ESCAPED = new RegExp(`^E'((?:[^'\\\\]|''|\\\\.)*)'${CAST}$`, 's');
const BITS = new RegExp(`^B'([01]*)'${CAST}$`);
const NUMBER = new RegExp(`^\\(?(-?\\d+(?:\\.\\d+)?)\\)?${CAST}$`);
const WORD = new RegExp(`^(true|false)${CAST}$`);
const NULL = new RegExp(`^NULL${CAST}$`);

/**
 * The default in a column's schema, from `pg_get_expr` of its DEFAULT clause. A literal is read as the column's type. Of
 * anything else, such as a function call, a NOT NULL column gets the type's zero, which no reader ever meets; a nullable
 * one gets none, since converters put a default in the place of null.
 */
export function defaultValue(codec: Codec, expression: string | null, notNull: boolean): Value | undefined {
  if (expression === null || codec.defaults === undefined) return undefined;
  const { zero, normal } = codec.defaults;
  const literal = literalOf(expression);
  if (literal === null || literal?.endsWith('infinity')) return undefined;
  if (literal === undefined) return notNull ? read(codec, zero) : undefined;
  return read(codec, normal === undefined ? literal : normal(literal));
}

/** Text of a literal; null for NULL, undefined for any other expression. */
function literalOf(expression: string): string | null | undefined {
  if (NULL.test(expression)) return null;
  const quoted = STRING.exec(expression)?.[1]?.replaceAll("''", "'");
  const escaped = ESCAPED.exec(expression)?.[1]?.replaceAll("''", "'").replace(/\\(.)/gs, '$1');
  return quoted ?? escaped ?? (BITS.exec(expression) ?? NUMBER.exec(expression) ?? WORD.exec(expression))?.[1];
}

function read(codec: Codec, text: string): Value | undefined {
  const bytes = Buffer.from(text);
  return codec.value(bytes, 0, bytes.length) ?? undefined;
}

import type { Value } from '../../../src/api/index.ts';
import type { Codec } from '../../../src/cdc/record/codec.ts';

const STRING = /^'((?:[^']|'')*)'/s;
const ESCAPED = /^E'((?:[^'\\]|''|\\.)*)'/s;
const OTHERS = [/^B'([01]*)'/, /^\(?(-?\d+(?:\.\d+)?)\)?/, /^(true|false)/];
const NULL = /^(NULL)/;
/** Cast after a literal. */
const CAST = /^(?:::[\w". ]+(?:\([\d, ]+\))?(?:\[\])*)?$/;

/**
 * Returns the default in a column's schema, from `pg_get_expr` of its DEFAULT clause. A literal is parsed as the column's
 * type. For another expression, such as a function call, a NOT NULL column gets the type's zero, which records never use;
 * a nullable column gets none, because converters replace null by the default.
 */
export function defaultValue(codec: Codec, expression: string | null, notNull: boolean): Value | undefined {
  if (expression === null || codec.defaults === undefined) return undefined;
  const { zero, normal } = codec.defaults;
  const literal = literalOf(expression);
  if (literal === null || literal?.endsWith('infinity')) return undefined;
  if (literal === undefined) return notNull ? read(codec, zero) : undefined;
  return read(codec, normal === undefined ? literal : normal(literal));
}

/** Returns the text of a literal; null for NULL, undefined for another expression. */
function literalOf(expression: string): string | null | undefined {
  if (contentOf(NULL, expression) !== undefined) return null;
  const quoted = contentOf(STRING, expression)?.replaceAll("''", "'");
  const escaped = contentOf(ESCAPED, expression)?.replaceAll("''", "'").replace(/\\(.)/gs, '$1');
  return quoted ?? escaped ?? OTHERS.map(kind => contentOf(kind, expression)).find(text => text !== undefined);
}

function contentOf(kind: RegExp, expression: string): string | undefined {
  const match = kind.exec(expression);
  return match !== null && CAST.test(expression.slice(match[0].length)) ? match[1] : undefined;
}

function read(codec: Codec, text: string): Value | undefined {
  const bytes = Buffer.from(text);
  return codec.value(bytes, 0, bytes.length) ?? undefined;
}

import type { Field, JsonObject, Schema, Struct, Value } from '../../api/index.ts';
import { isStruct, memberOf } from '../../api/index.ts';
import { enumKey } from '../../config/spec.ts';
import { fieldValue } from './field-value.ts';
import { requireObject, requireStruct } from './record-part.ts';

/** How a transform reads the name of a field: KIP-821. */
export const fieldSyntaxKey = {
  'field.syntax.version': enumKey(['V1', 'V2'], {
    doc: "'V1': the name is a field of the struct itself. 'V2': names with points between lead into structs within; backticks stand around names that have points themselves.",
    default: 'V1',
    importance: 'high',
  }),
};

/** The names on the way to a field; undefined where a backtick is left open. */
export function pathOf(text: string, version: 'V1' | 'V2'): readonly string[] | undefined {
  if (version === 'V1') return [text];
  const steps: string[] = [];
  let at = 0;
  while (at <= text.length) {
    const quoted = text[at] === '`';
    const end = quoted ? closingBacktick(text, at) : endOfName(text, at);
    if (end < 0) return undefined;
    steps.push(quoted ? text.slice(at + 1, end).replaceAll('\\`.', '`.') : text.slice(at, end));
    at = end + (quoted ? 2 : 1);
  }
  return steps;
}

function endOfName(text: string, from: number): number {
  const point = text.indexOf('.', from);
  return point < 0 ? text.length : point;
}

/** A backtick ends a name where a point or the end follows; one after a backslash stands for itself. -1: none does. */
function closingBacktick(text: string, open: number): number {
  let at = text.indexOf('`', open + 1);
  while (at >= 0) {
    const ends = at + 1 === text.length || text[at + 1] === '.';
    if (ends && text[at - 1] !== '\\') return at;
    at = text.indexOf('`', at + 1);
  }
  return -1;
}

/** The field that a path leads to. */
export function fieldAt(schema: Schema, path: readonly string[]): Field | undefined {
  let current: Schema | undefined = schema;
  let field: Field | undefined;
  for (const step of path) {
    field = current?.type === 'struct' ? current.byName.get(step) : undefined;
    current = field?.schema;
  }
  return field;
}

export function valueAt(struct: Struct, path: readonly string[], replaceNull: boolean): Value {
  let current: Value = struct;
  for (const [i, step] of path.entries()) {
    if (current === null) return null;
    const parent: Struct = isStruct(current) ? current : requireStruct(current, 'nested field access');
    const field = parent.schema.byName.get(step);
    if (field === undefined) return null;
    current = fieldValue(parent, field, replaceNull || i < path.length - 1);
  }
  return current;
}

export function memberAt(object: JsonObject, path: readonly string[]): Value {
  let current: Value = object;
  for (const step of path) {
    if (current === null) return null;
    current = memberOf(requireObject(current, 'nested field access'), step) ?? null;
  }
  return current;
}

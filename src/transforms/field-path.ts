import type { Field, JsonObject, Schema, Struct, Value } from '../api/index.ts';
import { isStruct } from '../api/index.ts';
import { enumKey } from '../config/spec.ts';
import { fieldValue } from './common.ts';
import { requireObject, requireStruct } from './records.ts';

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
    // A backtick ends a name where a point or the end follows; one behind a backslash stands for itself.
    const step = text[at] === '`' ? /`((?:[^`]|`(?!\.|$)|(?<=\\)`)*)(?<!\\)`(?=\.|$)/y : /([^.]*)/y;
    step.lastIndex = at;
    const found = step.exec(text);
    if (found === null) return undefined;
    steps.push(text[at] === '`' ? (found[1] as string).replaceAll('\\`.', '`.') : (found[1] as string));
    at = step.lastIndex + 1;
  }
  return steps;
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
    current = requireObject(current, 'nested field access')[step] ?? null;
  }
  return current;
}

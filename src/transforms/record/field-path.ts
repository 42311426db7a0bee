import type { Field, JsonObject, Schema, Struct, Value } from '../../api/index.ts';
import { isStruct, memberOf } from '../../api/index.ts';
import { enumKey } from '../../config/spec.ts';
import { fieldValue } from './field-value.ts';
import { requireObject, requireStruct } from './record-part.ts';

/** `field.syntax.version`: the syntax of field names (KIP-821). */
export const fieldSyntaxKey = {
  'field.syntax.version': enumKey(['V1', 'V2'], {
    doc: "'V1': the name is a field of the struct itself. 'V2': dots separate the names of nested fields; backticks enclose names that contain dots.",
    default: 'V1',
    importance: 'high',
  }),
};

/** Parses the names of the path to a field; undefined for an unclosed backtick. */
export function parseFieldPath(text: string, version: 'V1' | 'V2'): readonly string[] | undefined {
  if (version === 'V1') return [text];
  const steps: string[] = [];
  let position = 0;
  while (position <= text.length) {
    const isQuoted = text[position] === '`';
    const end = isQuoted ? closingBacktick(text, position) : endOfName(text, position);
    if (end < 0) return undefined;
    steps.push(isQuoted ? text.slice(position + 1, end).replaceAll('\\`.', '`.') : text.slice(position, end));
    position = end + (isQuoted ? 2 : 1);
  }
  return steps;
}

function endOfName(text: string, from: number): number {
  const point = text.indexOf('.', from);
  return point < 0 ? text.length : point;
}

/** Index of the backtick that ends a name: followed by a dot or the end, and not escaped with a backslash. Else -1. */
function closingBacktick(text: string, open: number): number {
  let position = text.indexOf('`', open + 1);
  while (position >= 0) {
    const isEnd = position + 1 === text.length || text[position + 1] === '.';
    if (isEnd && text[position - 1] !== '\\') return position;
    position = text.indexOf('`', position + 1);
  }
  return -1;
}

/** The field of a schema at this path; undefined if there is none. */
export function fieldAtPath(schema: Schema, path: readonly string[]): Field | undefined {
  let current: Schema | undefined = schema;
  let field: Field | undefined;
  for (const step of path) {
    field = current?.type === 'struct' ? current.byName.get(step) : undefined;
    current = field?.schema;
  }
  return field;
}

export function valueAtPath(struct: Struct, path: readonly string[], replaceNull: boolean): Value {
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

export function memberAtPath(object: JsonObject, path: readonly string[]): Value {
  let current: Value = object;
  for (const step of path) {
    if (current === null) return null;
    current = memberOf(requireObject(current, 'nested field access'), step) ?? null;
  }
  return current;
}

import assert from 'node:assert/strict';
import { Decimal, isStruct, LogicalName, type Schema, type SchemaType, type Value } from '../api/index.ts';

interface Form {
  readonly name: string;
  is(value: Value): boolean;
}
const whole: Form = { name: 'an integer', is: value => Number.isInteger(value) };
const number: Form = { name: 'a number', is: value => typeof value === 'number' };
const date: Form = { name: 'a Date', is: value => value instanceof Date };

const forms: Readonly<Record<SchemaType, Form>> = {
  int8: whole,
  int16: whole,
  int32: whole,
  int64: { name: 'a bigint', is: value => typeof value === 'bigint' },
  float32: number,
  float64: number,
  boolean: { name: 'true or false', is: value => typeof value === 'boolean' },
  string: { name: 'a string', is: value => typeof value === 'string' },
  bytes: { name: 'a Uint8Array', is: value => value instanceof Uint8Array },
  array: { name: 'an array', is: value => Array.isArray(value) },
  map: { name: 'a Map', is: value => value instanceof Map },
  struct: { name: 'a Struct', is: isStruct },
};
const logical = new Map<string | undefined, Form>([
  [LogicalName.Decimal, { name: 'a Decimal', is: value => value instanceof Decimal }],
  [LogicalName.Date, date],
  [LogicalName.Time, date],
  [LogicalName.Timestamp, date],
]);

/** Fails if a value does not have the type of its schema; see `Value`. what: the value's description in messages. */
export function assertFits(schema: Schema | null, value: Value | undefined, what: string): void {
  assert.ok(value !== undefined, `${what} is undefined; use null for a missing value.`);
  if (schema === null) return;
  if (value === null) {
    assert.ok(schema.optional || schema.default !== undefined, `${what} is null, but its schema is not optional.`);
    return;
  }
  const form = logical.get(schema.name) ?? forms[schema.type];
  assert.ok(form.is(value), `${what} must be ${form.name}, because its schema is ${schema.name ?? schema.type}.`);
  if (schema.type === 'array')
    for (const [i, item] of (value as readonly Value[]).entries()) assertFits(schema.items, item, `${what}[${i}]`);
  else if (schema.type === 'map')
    for (const [key, item] of value as ReadonlyMap<Value, Value>) {
      assertFits(schema.keys, key, `a key of ${what}`);
      assertFits(schema.values, item, `${what}.${String(key)}`);
    }
  else if (schema.type === 'struct' && isStruct(value))
    for (const { name, schema: fieldSchema, index } of schema.fields)
      assertFits(fieldSchema, value.at(index), `${what}.${name}`);
}

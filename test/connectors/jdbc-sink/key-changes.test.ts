import { expect, test } from 'vitest';
import { headerKey } from '../../../connectors/jdbc-sink/write/key-changes.ts';
import type { WritePlan } from '../../../connectors/jdbc-sink/write/write-plan.ts';
import {
  Bytes,
  Decimal,
  LogicalName,
  type PrimitiveSchema,
  schemaOf,
  structOf,
  type Value,
  ValueStruct,
} from '../../../src/api/index.ts';
import { simpleHeaderConverter } from '../../../src/converters/simple-header.ts';

const converter = simpleHeaderConverter.create({}, false);
const decimal = schemaOf('bytes', { name: LogicalName.Decimal, version: 1, parameters: { scale: '9' } });

/** A key as it comes back from a header. */
function throughHeader(schema: PrimitiveSchema, value: Value): readonly Value[] | undefined {
  const key = structOf({ a: schema });
  const out = new Bytes(16);
  converter.fromConnect('t', key, new ValueStruct(key, [value]), out);
  const layout = { keys: [{ name: 'a', schema }] } as unknown as WritePlan;
  return headerKey(layout, { key: 'h', ...converter.toConnect('t', out.take()) });
}

test.each<[PrimitiveSchema, Value]>([
  [decimal, new Decimal(1_234_567_890_123_456_789n, 9)],
  [schemaOf('float64'), 0.1],
  [schemaOf('int64'), 5n],
  [schemaOf('string'), '2024-02-29'],
  [schemaOf('string'), '12:30:00.000Z'],
  [schemaOf('string'), 'a "b" \\ c'],
  [schemaOf('string'), ', '],
  [schemaOf('string'), ' '],
])('the header of a changed key preserves a key of type $0.type: $1', (schema, value) => {
  expect(throughHeader(schema, value)).toEqual([value]);
});

import { expect, test } from 'vitest';
import { schemaOf } from '../../src/api/index.ts';
import { transformOf } from './golden.ts';

/** Kafka Connect's wording, which differs from the message about a missing field. */
test.each([
  ['Cast$Value', { spec: 'a:int32' }],
  ['ExtractField$Value', { field: 'a' }],
  ['Flatten$Value', {}],
  ['HeaderFrom$Value', { fields: 'a', headers: 'a', operation: 'copy' }],
  ['InsertField$Value', { 'static.field': 'a', 'static.value': 'b' }],
  ['MaskField$Value', { fields: 'a' }],
  ['ReplaceField$Value', { exclude: 'a' }],
  ['TimestampConverter$Value', { field: 'a', 'target.type': 'unix' }],
  ['ValueToKey', { fields: 'a' }],
])('%s rejects text with a message about structs or maps', async (name, config) => {
  const transform = await transformOf(`org.apache.kafka.connect.transforms.${name}`, config);
  const record = { topic: 't', partition: 0, keySchema: null, key: null, value: 'text', timestamp: 1, headers: [] };
  expect(() => transform.apply({ ...record, valueSchema: schemaOf('string') })).toThrow(
    /^Only Struct objects supported for \[/,
  );
  expect(() => transform.apply({ ...record, valueSchema: null })).toThrow(
    /^Only Map objects supported in absence of schema for \[/,
  );
});

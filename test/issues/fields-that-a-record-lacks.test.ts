import { expect, test } from 'vitest';
import type { Value } from '../../src/api/index.ts';
import { transforms } from '../../src/transforms/index.ts';

/** A field transform changes existing fields only: a missing name, such as a path, adds no field. */
async function apply(name: string, config: Record<string, string>, value: Value): Promise<Value | undefined> {
  const type = `org.apache.kafka.connect.transforms.${name}`;
  const factory = await transforms.find(({ names }) => names.includes(type))?.load();
  if (factory === undefined) throw new Error(`no transform ${type}`);
  const { config: read } = factory.config.check(config);
  const record = { topic: 't', partition: 0, timestamp: null, headers: [] };
  return factory.create(read).apply({ ...record, keySchema: null, key: value, valueSchema: null, value })?.value;
}

test.each([
  ['Cast$Value', { spec: 'o.i:int32' }],
  ['Cast$Value', { spec: 'constructor:string,toString:string' }],
  ['MaskField$Value', { fields: 'o.i,constructor' }],
  ['TimestampConverter$Value', { field: 'o.i', 'target.type': 'unix' }],
  ['TimestampConverter$Value', { field: 'constructor', 'target.type': 'unix' }],
])('%s %j', async (name, config) => {
  expect(await apply(name, config, { o: { i: '5' } })).toEqual({ o: { i: '5' } });
});

test('existing fields are changed, null or not', async () => {
  expect(await apply('Cast$Value', { spec: 'a:int32,b:int32,c:int32' }, { a: '5', b: null })).toEqual({
    a: 5,
    b: null,
  });
});

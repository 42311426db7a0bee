import { expect, test } from 'vitest';
import type { SinkRecord, Struct } from '../../src/api/index.ts';
import { schemaOf, structOf, ValueStruct, withOptional } from '../../src/api/index.ts';
import { transforms } from '../../src/transforms/index.ts';

/** ExtractNewRecordState, and transforms after it, as in Debezium and Kafka Connect. */
const row = structOf({ id: schemaOf('int64'), name: schemaOf('string', { optional: true }) }, { name: 'a.b.Value' });
const column = withOptional(row, true);
const envelope = structOf({ before: column, after: column, op: schemaOf('string') }, { name: 'a.b.Envelope' });
const stored = (): Struct => new ValueStruct(column as typeof row, [7n, 'x']);

function changed(op: 'u' | 'd'): SinkRecord {
  const [before, after] = op === 'd' ? [stored(), null] : [null, stored()];
  const rest = {
    topic: 'a.b',
    partition: 0,
    timestamp: 0,
    headers: [],
    offset: 0,
    originalTopic: 'a.b',
    originalPartition: 0,
  };
  const value = new ValueStruct(envelope, [before, after, op]);
  return { ...rest, keySchema: null, key: null, valueSchema: envelope, value };
}
const tombstone: SinkRecord = { ...changed('d'), valueSchema: null, value: null };

type Call = readonly [name: string, config?: Record<string, string>];

async function apply(record: SinkRecord, ...calls: Call[]): Promise<SinkRecord | null> {
  let current: SinkRecord | null = record;
  for (const [name, config = {}] of calls) {
    const factory = await transforms.find(({ names }) => names.some(one => one.endsWith(`.${name}`)))?.load();
    const read = factory?.config.check(config).config;
    current = current && (factory?.create(read).apply(current) ?? null);
  }
  return current;
}

test.each([
  ['Cast$Value', { spec: 'id:int32' }],
  ['Flatten$Value', {}],
])('%s of a row prevents an optional schema', async (name, config) => {
  const result = await apply(changed('u'), ['ExtractNewRecordState'], [name, config]);
  expect(result?.valueSchema?.optional).toBe(false);
  const schema = (result?.value as Struct | undefined)?.schema;
  expect(schema?.fields.map(field => field.schema.optional)).toEqual([false, true]);
});

const shape = (record: SinkRecord | null) => (record === null ? 'dropped' : record.value === null ? 'null' : 'row');

test.each([
  // The effective delete.tombstone.handling.mode, then the results for a delete and its tombstone.
  [{ 'delete.tombstone.handling.mode': 'rewrite', 'delete.handling.mode': 'drop' }, 'row', 'dropped'],
  [{ 'delete.tombstone.handling.mode': 'drop', 'drop.tombstones': 'false' }, 'dropped', 'dropped'],
  [{ 'delete.tombstone.handling.mode': 'tombstone', 'delete.handling.mode': 'rewrite' }, 'null', 'dropped'],
  // Without it, the earlier settings keep their meaning.
  [{ 'delete.handling.mode': 'rewrite' }, 'row', 'dropped'],
  [{ 'delete.handling.mode': 'rewrite', 'drop.tombstones': 'false' }, 'row', 'null'],
  [{ 'delete.handling.mode': 'none', 'drop.tombstones': 'true' }, 'null', 'dropped'],
  [{ 'drop.tombstones': 'true' }, 'dropped', 'dropped'],
  [{}, 'null', 'dropped'],
] as const)('with %j a delete becomes %s, its tombstone %s', async (config, ofDelete, ofTombstone) => {
  const call: Call = ['ExtractNewRecordState', config];
  expect(shape(await apply(changed('d'), call))).toBe(ofDelete);
  expect(shape(await apply(tombstone, call))).toBe(ofTombstone);
});

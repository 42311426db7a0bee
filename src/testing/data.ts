import assert from 'node:assert/strict';
import {
  type ConnectRecord,
  Decimal,
  isStruct,
  LogicalName,
  type SinkRecord,
  schemaOf,
  structOf,
  ValueStruct,
} from '../api/index.ts';
import { assertFits } from './matches-schema.ts';

/** Creates a record for a sink. Defaults: null, and 0 for partition and offset. */
export function sinkRecord(fields: Partial<SinkRecord> & { readonly topic: string }): SinkRecord {
  const { topic, partition = 0 } = fields;
  return {
    partition,
    keySchema: null,
    key: null,
    valueSchema: null,
    value: null,
    timestamp: null,
    headers: [],
    offset: 0,
    originalTopic: topic,
    originalPartition: partition,
    ...fields,
  };
}

const user = structOf(
  {
    id: schemaOf('int64'),
    name: schemaOf('string', { optional: true }),
    price: schemaOf('bytes', { name: LogicalName.Decimal, version: 1, parameters: { scale: '2' }, optional: true }),
  },
  { name: 'com.example.User' },
);

/** Records of the kinds that transforms and predicates have to process. */
export const sampleRecords: readonly SinkRecord[] = [
  sinkRecord({
    topic: 'plain',
    key: 'a key',
    value: { id: 1, name: 'Ada', tags: ['x', null], nested: { deep: true } },
  }),
  sinkRecord({ topic: 'texts', value: 'text', timestamp: 1_700_000_000_000, offset: 1 }),
  sinkRecord({ topic: 'tombstones', key: 'gone', offset: 2 }),
  sinkRecord({
    topic: 'structs',
    partition: 3,
    keySchema: schemaOf('int32'),
    key: 7,
    valueSchema: user,
    value: new ValueStruct(user, [1n, null, new Decimal(1234n, 2)]),
    timestamp: 0,
    headers: [{ key: 'trace', schema: schemaOf('string'), value: 'abc' }],
    offset: 3,
  }),
  sinkRecord({ topic: 'bytes', valueSchema: schemaOf('bytes'), value: new Uint8Array([0, 255, 10]), offset: 4 }),
  sinkRecord({ topic: 'numbers', keySchema: schemaOf('string'), key: '', value: 0, offset: 5 }),
];

/** Formats a value or a schema as text that is equal for equal content. */
export function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null)
    return Object.is(value, -0) ? '-0' : (JSON.stringify(value) ?? 'undefined');
  if (value instanceof Uint8Array) return `bytes(${Buffer.from(value).toString('hex')})`;
  if (value instanceof Date) return `date(${value.getTime()})`;
  if (value instanceof Decimal) return `decimal(${value.unscaled},${value.scale})`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value instanceof Map)
    return `map(${[...value]
      .map(([key, item]) => `${canonical(key)}=>${canonical(item)}`)
      .toSorted()
      .join()})`;
  if (isStruct(value))
    return `struct(${value.schema.fields.map(({ name, index }) => `${name}:${canonical(value.at(index))}`).join()})`;
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${members
    .map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`)
    .toSorted()
    .join()}}`;
}

/** Formats a record without its timestamp. */
export function canonicalRecord(record: ConnectRecord): string {
  const { timestamp: _, ...rest } = record;
  return canonical(rest);
}

/** Fails for an invalid record. what: its description in messages. */
export function assertRecord(record: ConnectRecord, what: string): void {
  const { topic, partition, timestamp, headers } = record;
  assert.ok(typeof topic === 'string' && topic !== '', `${what}: topic must be a non-empty string.`);
  assert.ok(
    partition === null || (Number.isInteger(partition) && partition >= 0),
    `${what}: partition must be null or a non-negative integer.`,
  );
  assert.ok(
    timestamp === null || Number.isFinite(timestamp),
    `${what}: timestamp must be null or milliseconds since 1970.`,
  );
  assert.ok(Array.isArray(headers), `${what}: headers must be a list.`);
  for (const { key, schema, value } of headers) {
    assert.ok(typeof key === 'string', `${what}: a header's key must be a string.`);
    assertFits(schema, value, `${what}: header ${key}`);
  }
  assertFits(record.keySchema, record.key, `${what}: key`);
  assertFits(record.valueSchema, record.value, `${what}: value`);
}

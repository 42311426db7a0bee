import type { KafkaClient } from '../src/kafka/port.ts';
import { type Checksum, type OrderRow, rowHash } from './checksum.ts';

const perTransaction = 10_000;

const keySchema = {
  type: 'struct',
  fields: [{ type: 'int64', optional: false, field: 'id' }],
  optional: false,
  name: 'orders.Key',
};

const timestamp = { type: 'string', optional: false, name: 'io.debezium.time.ZonedTimestamp', version: 1 };

const valueSchema = {
  type: 'struct',
  fields: [
    { type: 'int64', optional: false, field: 'id' },
    { type: 'int32', optional: false, field: 'customer_id' },
    { type: 'string', optional: false, field: 'status' },
    {
      type: 'bytes',
      optional: false,
      name: 'org.apache.kafka.connect.data.Decimal',
      version: 1,
      parameters: { scale: '2', 'connect.decimal.precision': '12' },
      field: 'amount',
    },
    { type: 'string', optional: true, field: 'note' },
    { ...timestamp, field: 'created_at' },
    { ...timestamp, field: 'updated_at' },
  ],
  optional: false,
  name: 'orders.Value',
};

/**
 * A topic of rows 1 to n, with the schema in each record: the only format that a JDBC sink accepts without a registry.
 */
export async function produceOrders(
  kafka: KafkaClient,
  topic: string,
  records: number,
  log: (line: string) => void,
): Promise<{ readonly topic: string; readonly checksum: Checksum }> {
  log(`writing ${records} records to ${topic}`);
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
  const producer = await kafka.producer({ transactionalId: topic, compression: 'lz4', transactionTimeoutMs: 60_000 });
  await producer.prepare([topic]);
  const key = `{"schema":${JSON.stringify(keySchema)},"payload":`;
  const value = `{"schema":${JSON.stringify(valueSchema)},"payload":`;
  const bytes = Buffer.alloc(4096);
  let sum = 0;
  for (let id = 1; id <= records; ) {
    const batch = producer.batch();
    for (; id <= records && batch.records < perTransaction; id++) {
      const row = rowOf(id);
      sum += rowHash(row);
      const keyEnd = bytes.write(`${key}{"id":${id}}}`);
      const valueEnd = keyEnd + bytes.write(`${value}${JSON.stringify(row)}}`, keyEnd);
      batch.append(topic, 0, null, bytes, 0, keyEnd, keyEnd, valueEnd, []);
    }
    await producer.commit(batch);
  }
  await producer.close();
  return { topic, checksum: { rows: records, sum } };
}

function rowOf(id: number): OrderRow {
  const two = (n: number): string => String(n).padStart(2, '0');
  const at = `2026-01-01T${two(Math.floor(id / 3600) % 24)}:${two(Math.floor(id / 60) % 60)}:${two(id % 60)}.000000Z`;
  return {
    id,
    customer_id: id % 50_000,
    status: ['new', 'paid', 'shipped', 'done'][id % 4] ?? '',
    amount: base64((id * 37) % 1_000_000),
    note: `note ${id} ${'x'.repeat(80)}`,
    created_at: at,
    updated_at: at,
  };
}

/** Two's complement in the fewest bytes, as in Connect's Decimal. unscaled: 0 to 2^31 - 1. */
function base64(unscaled: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(unscaled);
  let start = 0;
  while (start < 3 && bytes[start] === 0 && (bytes[start + 1] ?? 0) < 0x80) start++;
  return bytes.subarray(start).toString('base64');
}

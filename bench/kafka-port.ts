/**
 * Cost of the Kafka port alone: writes records in transactions with group offsets, then reads them back.
 *
 *     node bench/kafka-port.ts [address] [--records N] [--compression lz4] [--transaction 10000] [--bytes 200]
 *
 * Prints one line of JSON; CPU seconds are user and system time of this whole process, worker threads included.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { kafkaClient } from '../src/kafka/client/client.ts';
import type { Compression, KafkaClient } from '../src/kafka/port.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: 'string', default: '1000000' },
    compression: { type: 'string', default: 'lz4' },
    transaction: { type: 'string', default: '10000' },
    bytes: { type: 'string', default: '200' },
    partitions: { type: 'string', default: '3' },
  },
});
const address = positionals[0] ?? process.env['MILLRACE_TEST_KAFKA'] ?? '127.0.0.1:9092';
const total = Number(values.records);
const each = Number(values.transaction);
const size = Number(values.bytes);
const partitions = Number(values.partitions);
const compression = values.compression as Compression;

const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: console.error, error: console.error };
const client = kafkaClient({ brokers: [address], clientId: 'bench' }, log);
const topic = `bench-kafka-port-${process.pid}-${Date.now()}`;

/** Records like those of a change stream: a short key and JSON that differs between rows. */
function source(): { bytes: Buffer; keyBytes: number } {
  const keyBytes = 8;
  const rows: string[] = [];
  for (let i = 0; i < each; i++) {
    const id = String(i).padStart(keyBytes, '0');
    const row = {
      id: i,
      customer: (i * 7919) % 10007,
      amount: ((i * 1733) % 99991) / 100,
      state: ['new', 'paid', 'sent'][i % 3],
    };
    rows.push(
      id +
        JSON.stringify({ before: null, after: row, op: 'c', ts_ms: 1_700_000_000_000 + i * 13 }).padEnd(
          size - keyBytes,
          ' note',
        ),
    );
  }
  return { bytes: Buffer.from(rows.join('')), keyBytes };
}

interface Cost {
  readonly recordsPerSecond: number;
  readonly cpuSeconds: number;
  readonly cpuSecondsPerMillion: number;
  /** The longest block of the event loop. */
  readonly loopHeldMs: number;
}

async function measured(run: () => Promise<void>): Promise<Cost> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const cpu = process.cpuUsage();
  const began = performance.now();
  await run();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6;
  return {
    recordsPerSecond: Math.round(total / seconds),
    cpuSeconds: Number(cpuSeconds.toFixed(2)),
    cpuSecondsPerMillion: Number(((cpuSeconds * 1e6) / total).toFixed(2)),
    loopHeldMs: Math.round(loop.max / 1e6),
  };
}

async function write(kafka: KafkaClient): Promise<void> {
  const { bytes, keyBytes } = source();
  const producer = await kafka.producer({ transactionalId: topic, compression, transactionTimeoutMs: 60_000 });
  await producer.prepare([topic]);
  for (let done = 0; done < total; ) {
    const batch = producer.batch();
    for (let i = 0; i < each && done < total; i++, done++) {
      const at = i * size;
      batch.append(topic, null, 1_700_000_000_000 + done, bytes, at, at + keyBytes, at + keyBytes, at + size, none);
    }
    await producer.commit(batch, { group: topic, offsets: [{ topic, partition: 0, offset: done }] });
  }
  await producer.close();
}
const none: readonly never[] = [];

async function read(kafka: KafkaClient): Promise<void> {
  const assigned = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 }));
  const reader = await kafka.reader({ assigned, maxBytes: 8 << 20, maxPartitionBytes: 4 << 20, maxWaitMs: 500 });
  let bytes = 0;
  for (let count = 0; count < total; )
    for (const { records } of await reader.poll()) {
      count += records.length;
      for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0);
    }
  if (bytes !== total * size) throw new Error(`${bytes} bytes read of ${total * size}`);
  await reader.close();
}

const config = { 'retention.ms': '-1' };
await client.admin.createTopics([{ topic, partitions, replicationFactor: -1, config }]);
try {
  const produced = await measured(() => write(client));
  const consumed = await measured(() => read(client));
  const rssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    JSON.stringify({
      records: total,
      bytes: size,
      compression,
      transaction: each,
      write: produced,
      read: consumed,
      rssMb,
    }),
  );
} finally {
  await client.admin.deleteTopics([topic]);
  await client.close();
}

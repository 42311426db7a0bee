import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { RecordTooLargeError } from '../../../src/errors.ts';
import type { Compression, TransactionalProducer } from '../../../src/kafka/port.ts';
import { partitionForKey } from '../../../src/kafka/producer/murmur2.ts';
import { eventually } from '../../support/eventually.ts';
import { uniqueName } from '../../support/topic.ts';
import { append, type Bench, bench, implementations, type OutgoingRecord, values } from './clients.ts';

const producerOf = (b: Bench, compression: Compression = 'none'): Promise<TransactionalProducer> =>
  b.client.producer({ transactionalId: uniqueName('contract'), compression, transactionTimeoutMs: 20_000 });

async function commit(
  producer: TransactionalProducer,
  topic: string,
  records: readonly OutgoingRecord[],
): Promise<void> {
  await producer.prepare([topic]);
  const batch = producer.batch();
  for (const record of records) append(batch, topic, record);
  expect(batch.records).toBe(records.length);
  await producer.commit(batch);
}

describe.each(implementations)('transactions, $name', implementation => {
  test('are readable after their commit, in order', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const producer = await producerOf(b);
    for (let n = 0; n < 20; n++) await commit(producer, topic, [{ value: `${n} a` }, { value: `${n} b` }]);
    const read = await b.read(topic);
    expect(values(read)).toEqual(Array.from({ length: 20 }, (_, n) => [`${n} a`, `${n} b`]).flat());
  });

  test('distinguish null from empty in keys, values and header values, and keep empty header names', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const both = [null, Buffer.alloc(0), Buffer.from('x')];
    const sent = both.flatMap(key => both.map(value => ({ key, value, partition: 0, timestamp: Date.now() })));
    const headers = [
      { key: 'null', value: null },
      { key: 'empty', value: Buffer.alloc(0) },
      { key: '', value: Buffer.from('no name') },
      { key: 'null', value: Buffer.from('the same name again, ünd mehr') },
    ];
    const records = sent.map((record, i) => ({ ...record, headers: i % 2 ? headers : [] }));
    await commit(await producerOf(b), topic, records);
    const read = await b.read(topic);
    expect(read.map(({ offset: _, ...record }) => record)).toEqual(records);
  });

  test('keep timestamps that are 1970, far apart within a batch, or out of order; null is the current time', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(1, { 'retention.ms': '-1' });
    const day = 86_400_000;
    const timestamps = [0, 1, Date.now(), 30 * day, 365 * day, 25 * day, 1_600_000_000_000, 999];
    const before = Date.now();
    await commit(
      await producerOf(b),
      topic,
      [...timestamps, null].map(timestamp => ({ timestamp, value: 'v' })),
    );
    const read = (await b.read(topic)).map(({ timestamp }) => timestamp);
    expect(read.slice(0, -1)).toEqual(timestamps);
    expect(read.at(-1)).toBeGreaterThanOrEqual(before);
    expect(read.at(-1)).toBeLessThanOrEqual(Date.now());
  });

  test('report a timestamp that the topic rejects, or that is not a number, as a data error', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(1, { 'message.timestamp.before.max.ms': '1000' });
    const producer = await producerOf(b);
    await expect(commit(producer, topic, [{ timestamp: 0, value: 'old' }])).rejects.toMatchObject({
      code: 'RECORD_INVALID',
    });
    const batch = producer.batch();
    expect(() => append(batch, topic, { timestamp: 1.5, value: 'v' })).toThrow(/1\.5/);
    expect(await b.read(topic)).toEqual([]);
  });

  test('reject only a record without a key in a compacted topic', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(1, { 'cleanup.policy': 'compact,delete' });
    const producer = await producerOf(b);
    await producer.prepare([topic]);
    const batch = producer.batch();
    append(batch, topic, { key: 'k' });
    expect(() => append(batch, topic, { key: null })).toThrow(/has no key, and the topic is compacted/);
    await producer.commit(batch);
    expect(await b.read(topic)).toHaveLength(1);
  });

  test('reject a record whose timestamp is further away than the topic allows', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(1, {
      'message.timestamp.before.max.ms': '60000',
      'message.timestamp.after.max.ms': '60000',
    });
    const producer = await producerOf(b);
    await producer.prepare([topic]);
    const batch = producer.batch();
    for (const ms of [-70_000, 70_000])
      expect(() => append(batch, topic, { timestamp: Date.now() + ms })).toThrow(
        /further in the (past|future) than its/,
      );
    for (const ms of [-50_000, 50_000]) append(batch, topic, { timestamp: Date.now() + ms });
    await producer.commit(batch);
    expect(await b.read(topic)).toHaveLength(2);
  });

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'of many records are complete with codec %s',
    async codec => {
      await using b = bench(implementation);
      const topic = await b.topic(2);
      const records = Array.from({ length: 5000 }, (_, i) => ({
        key: `key ${i}`,
        value: `${i} `.repeat((i % 90) + 1),
        headers: i % 3 ? [] : [{ key: 'n', value: Buffer.from([i & 255]) }],
      }));
      await commit(await producerOf(b, codec), topic, records);
      const read = await b.read(topic);
      expect(read).toHaveLength(records.length);
      const recordsByKey = new Map(read.map(record => [record.key?.toString(), record]));
      for (const { key, value, headers } of records) {
        expect(recordsByKey.get(key)?.value?.toString()).toBe(value);
        expect(recordsByKey.get(key)?.headers).toEqual(headers);
      }
    },
  );

  test('of 50,000 records over three partitions are complete and in order', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(3);
    const records = Array.from({ length: 50_000 }, (_, i) => ({ partition: i % 3, value: `${i}`.padEnd(100, '.') }));
    await commit(await producerOf(b, 'lz4'), topic, records);
    const read = await b.read(topic);
    for (const partition of [0, 1, 2]) {
      const got = values(read.filter(record => record.partition === partition));
      expect(got).toEqual(records.filter(record => record.partition === partition).map(({ value }) => value));
    }
  });

  test('hold records larger than a record batch, and more batches of a partition than Kafka accepts in one request', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const large = (i: number): Buffer => Buffer.alloc(700_000 + i, `${i} `);
    const records = [
      ...Array.from({ length: 9 }, (_, i) => ({ value: large(i) })),
      // Within the broker's limit when compressed.
      { value: Buffer.alloc(5_000_000, 'long ') },
      { value: large(11) },
    ].map(record => ({ ...record, partition: 0 }));
    await commit(await producerOf(b, 'lz4'), topic, records);
    const read = await b.read(topic);
    expect(read.map(({ value }) => value?.length)).toEqual(records.map(({ value }) => value.length));
    for (const [i, { value }] of read.entries()) expect(value?.equals(records[i]?.value as Buffer)).toBe(true);
  });

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'skip a record larger than the topic allows with codec %s, and hold all others',
    async codec => {
      await using b = bench(implementation);
      const limit = 100_000;
      const topic = await b.topic(2, { 'max.message.bytes': `${limit}` });
      const producer = await producerOf(b, codec);
      await producer.prepare([topic]);
      const batch = producer.batch();
      const sizes = [10, 90_000, 99_800, 110_000, 20, 300_000, 99_800, 30];
      for (const [i, size] of sizes.entries()) {
        const record = { partition: i % 2, key: `key ${i}`, value: randomBytes(size) };
        if (size <= limit) {
          await append(batch, topic, record);
          continue;
        }
        const before = [batch.records, batch.bytes];
        const refused = await (async () => append(batch, topic, record))().catch((error: unknown) => error);
        expect(refused).toBeInstanceOf(RecordTooLargeError);
        expect((refused as Error).message).toMatch(
          new RegExp(
            `^The record with the key key ${i} for topic ${topic} is too large: it has ${`${size}`.slice(0, 2)}`,
          ),
        );
        expect((refused as Error).message).toContain(`and max.message.bytes of topic ${topic} is ${limit}`);
        expect([batch.records, batch.bytes]).toEqual(before);
      }
      // Much larger, but small when compressed.
      const compressible = { partition: 0, key: 'zeros', value: Buffer.alloc(1_000_000) };
      if (codec !== 'none') await append(batch, topic, compressible);
      await producer.commit(batch);
      const read = await b.read(topic);
      const expected = sizes.filter(size => size <= limit).concat(codec === 'none' ? [] : [1_000_000]);
      expect(read.map(({ value }) => value?.length).toSorted()).toEqual(expected.toSorted());
    },
  );

  test('include headers in the size of a record', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(1, { 'max.message.bytes': '20000' });
    const headers = [{ key: 'large', value: Buffer.alloc(12_000) }];
    const producer = await producerOf(b);
    await producer.prepare([topic]);
    const batch = producer.batch();
    for (let i = 0; i < 5; i++) append(batch, topic, { value: `${i}`, headers });
    expect(() => append(batch, topic, { headers: [...headers, ...headers] })).toThrow(RecordTooLargeError);
    await producer.commit(batch);
    expect(values(await b.read(topic))).toEqual(['0', '1', '2', '3', '4']);
  });

  test("are retriable when the topic's limit was lowered", async () => {
    await using b = bench(implementation);
    const topic = await b.topic(1, { 'max.message.bytes': '200000' });
    const producer = await producerOf(b);
    await producer.prepare([topic]);
    const batch = producer.batch();
    append(batch, topic, { value: Buffer.alloc(100_000) });
    const admin = b.kafkajs.admin();
    await admin.connect();
    const configEntries = [{ name: 'max.message.bytes', value: '50000' }];
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries }] });
    await admin.disconnect();
    await eventually(
      'the broker has the new limit',
      async () => (await b.client.admin.topicConfig(topic)).get('max.message.bytes') === '50000',
    );
    await expect(producer.commit(batch)).rejects.toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
      message: expect.stringContaining(`Topic ${topic} has a lower max.message.bytes than before`),
    });
    expect(await b.read(topic)).toEqual([]);
  });

  test('respect the batch limit of a topic', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(1, { 'max.message.bytes': '20000' });
    const records = Array.from({ length: 100 }, (_, i) => ({ value: `${i} `.padEnd(1000, 'x') }));
    await commit(await producerOf(b), topic, records);
    expect(values(await b.read(topic))).toEqual(records.map(({ value }) => value));
  });

  test("use Kafka's default partitioner for keys, and one partition without a key", async () => {
    await using b = bench(implementation);
    const topic = await b.topic(7);
    const producer = await producerOf(b);
    await commit(
      producer,
      topic,
      Array.from({ length: 200 }, (_, i) => ({ key: `k${i}`, value: 'v' })),
    );
    for (const { key, partition } of await b.read(topic))
      expect(partition).toBe(partitionForKey(key ?? Buffer.alloc(0), 0, key?.length ?? 0, 7));
    const other = await b.topic(7);
    await commit(
      producer,
      other,
      Array.from({ length: 200 }, () => ({ value: 'v' })),
    );
    expect(new Set((await b.read(other)).map(({ partition }) => partition)).size).toBe(1);
  });

  test('over several topics are atomic', async () => {
    await using b = bench(implementation);
    const topics = await Promise.all([b.topic(), b.topic(3), b.topic()]);
    const producer = await producerOf(b, 'zstd');
    await producer.prepare(topics);
    const batch = producer.batch();
    for (let i = 0; i < 30; i++) append(batch, topics[i % 3] as string, { key: `${i}`, value: `${i}` });
    await producer.commit(batch);
    for (const topic of topics) expect(await b.read(topic)).toHaveLength(10);
  });

  test('without records commit nothing', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const producer = await producerOf(b);
    await commit(producer, topic, []);
    await producer.commit(producer.batch(), { group: 'g', offsets: [] });
    await commit(producer, topic, [{ value: 'after' }]);
    expect(values(await b.read(topic))).toEqual(['after']);
  });

  test('include the offsets of a group, with and without records', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(2);
    const group = uniqueName('group');
    const partitions = [0, 1].map(partition => ({ topic, partition }));
    const producer = await producerOf(b);
    await producer.prepare([topic]);
    const batch = producer.batch();
    append(batch, topic, { value: 'v' });
    await producer.commit(batch, { group, offsets: [{ topic, partition: 0, offset: 41 }] });
    await eventually('the offset is committed', async () => {
      expect(await b.client.admin.groupOffsets(group, partitions)).toEqual([{ topic, partition: 0, offset: 41 }]);
      return true;
    });
    const offsets = partitions.map((partition, i) => ({ ...partition, offset: 100 + i }));
    await producer.commit(producer.batch(), { group, offsets });
    await eventually('both offsets are committed', async () => {
      const committedOffsets = [...(await b.client.admin.groupOffsets(group, partitions))];
      expect(committedOffsets.sort((x, y) => x.partition - y.partition)).toEqual(offsets);
      return true;
    });
  });

  test('collect the next batch during a commit, and reuse memory afterwards', async () => {
    await using b = bench(implementation);
    const topic = await b.topic();
    const producer = await producerOf(b, 'snappy');
    await producer.prepare([topic]);
    let committing = Promise.resolve();
    for (let n = 0; n < 30; n++) {
      const batch = producer.batch();
      for (let i = 0; i < 500; i++) append(batch, topic, { value: `${n * 500 + i}`.padStart(100, `${n}`) });
      await committing;
      committing = producer.commit(batch);
    }
    await committing;
    const read = values(await b.read(topic));
    expect(read).toEqual(Array.from({ length: 15_000 }, (_, i) => `${i}`.padStart(100, `${Math.floor(i / 500)}`)));
  });

  test('require an existing topic with the partitions', async () => {
    await using b = bench(implementation);
    const topic = await b.topic(2);
    const producer = await producerOf(b);
    await expect(producer.prepare([uniqueName('missing')])).rejects.toMatchObject({ code: 'SOURCE_SETUP' });
    await producer.prepare([topic]);
    const batch = producer.batch();
    expect(() => append(batch, topic, { partition: 2, value: 'v' })).toThrow(/which has 2/);
    expect(() => append(batch, topic, { partition: -1, value: 'v' })).toThrow(/which has 2/);
    expect(() => append(batch, uniqueName('unprepared'), { value: 'v' })).toThrow(/not prepared/);
    expect(batch.records).toBe(0);
  });
});

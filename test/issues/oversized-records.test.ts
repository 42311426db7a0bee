import { randomBytes } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import type { RawRecord } from '../../src/kafka/port.ts';
import { silent } from '../../src/observability/silent.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { TestWorker } from '../support/worker.ts';

/** Records larger than Kafka accepts, from a source and on their way to a dead-letter queue. */
const draw = generator(import.meta.url);
const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
let worker: TestWorker;

beforeAll(async () => {
  worker = await TestWorker.start('oversized');
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await kafka.close();
});

const topicOf = (config: Record<string, string>) => {
  const topic = draw.topic();
  return kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1, config }]).then(() => topic);
};

async function raise(topic: string, bytes: string): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [servers().kafka], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  const configEntries = [{ name: 'max.message.bytes', value: bytes }];
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  await admin.alterConfigs({ validateOnly: false, resources: [{ type, name: topic, configEntries }] });
  await admin.disconnect();
}

async function read(topic: string): Promise<readonly RawRecord[]> {
  const [range] = await kafka.admin.offsets([{ topic, partition: 0 }]);
  const reader = await kafka.reader({
    assigned: [{ topic, partition: 0, offset: 0 }],
    maxBytes: 4 << 20,
    maxPartitionBytes: 4 << 20,
    maxWaitMs: 100,
  });
  const records: RawRecord[] = [];
  for (let next = 0; next < (range?.end ?? 0); )
    for (const part of await reader.poll()) {
      next = part.next;
      // Records in reused memory.
      for (const { offset, timestamp, key, value, headers, size } of part.records)
        records.push({ offset, timestamp, key, value: value && Buffer.from(value), headers: copy(headers), size });
    }
  await reader.close();
  return records;
}
const copy = (headers: RawRecord['headers']) =>
  headers.map(({ key, value }) => ({ key, value: value && Buffer.from(value) }));
const lengths = async (topic: string) => (await read(topic)).map(({ value }) => value?.length ?? null);
const headersOf = (record: RawRecord | undefined) =>
  new Map(record?.headers.map(({ key, value }) => [key.replace('__connect.errors.', ''), value?.toString()]));
const figures = async (name: string) => (await worker.task(name))?.figures ?? {};
const letters = (length: number) => randomBytes(length / 2).toString('hex');

describe('a file source', () => {
  async function source(lines: readonly string[], config: Record<string, string>) {
    const name = draw.connectorName();
    const file = join(worker.folder, `${randomBytes(8).toString('hex')}.txt`);
    await writeFile(file, lines.map(line => `${line}\n`).join(''));
    await worker.create(name, { 'connector.class': 'FileStreamSource', file, ...config });
    return { name, file };
  }

  test('skips a line that is too large under errors.tolerance, and logs it', async () => {
    const topic = await topicOf({});
    const lines = [letters(100), letters(1_100_000), letters(200), letters(3_000_000)];
    const logging = { 'errors.log.enable': 'true', 'errors.log.include.messages': 'true' };
    const { name, file } = await source(lines, { topic, 'errors.tolerance': 'all', ...logging });
    await eventually('the other lines are written', async () => (await lengths(topic)).length === 2);
    await eventually('both are counted', async () => (await figures(name))['records_skipped'] === 2);
    await appendFile(file, `${letters(50)}\n`);
    await eventually('it continues', async () => (await lengths(topic)).length === 3);
    expect(await lengths(topic)).toEqual([100, 200, 50]);
    const skipped = (await worker.log())
      .split('\n')
      .filter(line => line.includes('record skipped') && line.includes(file));
    expect(skipped.map(line => JSON.parse(line))).toEqual(
      [2, 4].map(line =>
        expect.objectContaining({
          place: `line ${line} of ${file}`,
          reason: expect.stringContaining('The record without a key for topic'),
        }),
      ),
    );
  });

  test('fails with the line, its size and the setting, and continues after the limit is raised', async () => {
    const topic = await topicOf({ 'max.message.bytes': '30000' });
    const lines = [...Array.from({ length: 100 }, () => letters(1000)), letters(40_000), letters(200)];
    const { name, file } = await source(lines, { topic, 'batch.size': '7' });
    const failed = async () => (await worker.awaitState(name, 'FAILED')).trace;
    expect(await failed()).toContain(`line 101 of ${file}: `);
    const restart = () => worker.call('POST', `/connectors/${encodeURIComponent(name)}/restart?includeTasks=true`);
    // Starts at its stored position, without having read the lines before it.
    await restart();
    await eventually('it failed again', async () => (await worker.log()).split(`line 101 of ${file}: `).length > 2);
    const trace = await failed();
    expect(trace).toContain(`line 101 of ${file}: `);
    expect(trace).toMatch(/it has 40\d\d\d bytes, and max\.message\.bytes of topic .* is 30000\. Raise/);
    await raise(topic, '50000');
    await restart();
    await eventually('all lines are written', async () => (await lengths(topic)).length === lines.length);
  });

  test('measures compressed records, unless the producer has its own limit', async () => {
    const topic = await topicOf({ 'max.message.bytes': '30000' });
    const lines = ['x'.repeat(100_000), letters(100_000), 'y'.repeat(50_000)];
    const tolerant = { topic, 'errors.tolerance': 'all', 'producer.override.compression.type': 'zstd' };
    await source(lines, tolerant);
    await eventually('two of three are written', async () => (await lengths(topic)).length === 2);
    expect(await lengths(topic)).toEqual([100_000, 50_000]);
    await source(lines, { ...tolerant, 'producer.override.max.request.size': '60000' });
    await eventually('one more is written', async () => (await lengths(topic)).length === 3);
    expect(await lengths(topic)).toEqual([100_000, 50_000, 50_000]);
  });

  test("fails with the broker's reason for other rejections", async () => {
    const topic = await topicOf({ 'cleanup.policy': 'compact' });
    const { name } = await source(['one'], { topic });
    expect((await worker.awaitState(name, 'FAILED')).trace).toContain('has no key, and the topic is compacted');
  });
});

describe('a dead letter', () => {
  /** A JSON sink that receives one invalid record of this many bytes. */
  async function bury(bytes: number, config: Record<string, string>) {
    const [topic, queue] = [await topicOf({ 'max.message.bytes': '2000000' }), await topicOf(config)];
    const producer = await kafka.producer({
      transactionalId: topic,
      compression: 'none',
      transactionTimeoutMs: 10_000,
    });
    await producer.prepare([topic]);
    const batch = producer.batch();
    const value = Buffer.from(`x${letters(bytes)}`.slice(0, bytes));
    const key = Buffer.from('key');
    batch.append(topic, 0, null, Buffer.concat([key, value]), 0, 3, 3, 3 + bytes, []);
    const good = Buffer.from('{"good":1}');
    batch.append(topic, 0, null, good, -1, 0, 0, good.length, []);
    await producer.commit(batch);
    await producer.close();
    const name = draw.sinkName();
    await worker.create(name, {
      'connector.class': 'FileStreamSink',
      file: join(worker.folder, `${randomBytes(8).toString('hex')}.txt`),
      topics: topic,
      'value.converter': 'JsonConverter',
      'value.converter.schemas.enable': 'false',
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': queue,
      'errors.deadletterqueue.topic.replication.factor': '1',
      'errors.deadletterqueue.context.headers.enable': 'true',
    });
    await eventually('the other record is written', async () => (await figures(name))['records_written'] === 1);
    expect(await worker.task(name)).toMatchObject({ state: 'RUNNING', figures: { records_skipped: 1 } });
    const deadLetters = await read(queue);
    return { name, records: deadLetters, headers: headersOf(deadLetters[0]), value };
  }

  test('has its headers cut or omitted if it would be too large with them', async () => {
    // Just fits without headers: 61 bytes of the batch, and about 20 of the record.
    for (const bytes of [1_048_588 - 700, 1_048_588 - 100]) {
      const { records, value } = await bury(bytes, {});
      expect(records[0]?.value?.equals(value)).toBe(true);
    }
    // All header bytes without their framing, which is about 100 bytes.
    const all = (await bury(100, {})).records[0]?.headers ?? [];
    const room = all.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
    const { headers } = await bury(1_048_588 - room, {});
    expect(headers.get('exception.stacktrace')).toMatch(/…$/);
    expect(headers.get('offset')).toBe('0');
  });

  test('has its value omitted if that is too large, with a note', async () => {
    const { records, headers } = await bury(50_000, { 'max.message.bytes': '20000' });
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ value: null, key: Buffer.from('key') });
    expect(headers.get('millrace.value.dropped')).toBe('50000 bytes, too large for this topic');
    expect(headers.get('offset')).toBe('0');
  });

  test('that is too large in any form is logged and counted', async () => {
    const { name, records } = await bury(5000, { 'max.message.bytes': '100' });
    expect(records).toEqual([]);
    await eventually('it is counted', async () => (await figures(name))['dead_letters_lost'] === 1);
    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    expect(metrics).toMatch(/produce_failures\{[^}]*\} 1\n/);
    expect(await worker.log()).toContain('the dead-letter queue rejects it');
  });
});

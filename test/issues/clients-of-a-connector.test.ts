import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonValue } from '../../workflows/shared/messages.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { type KafkaProxy, startKafkaProxy } from '../support/kafka-proxy.ts';
import { produce, testKafka } from '../support/produce.ts';
import { servers } from '../support/servers.ts';
import { topicRecords } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/** Settings of Kafka clients take effect: brokers, logins, an offsets topic per source (KIP-458, KIP-618). */
const draw = generator(import.meta.url);
const password = 'pass word of "none"';
const SEGMENT_MS = '123456000';
let worker: TestWorker;
let proxy: KafkaProxy;

beforeAll(async () => {
  proxy = await startKafkaProxy(servers().kafka);
  worker = await TestWorker.start('clients', () => ({
    'offset.storage.segment.ms': SEGMENT_MS,
    'config.storage.segment.ms': SEGMENT_MS,
  }));
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
});

const login = (role: 'producer' | 'consumer' | 'admin', user: string) => ({
  [`${role}.override.bootstrap.servers`]: proxy.address,
  [`${role}.override.security.protocol`]: 'SASL_PLAINTEXT',
  [`${role}.override.sasl.mechanism`]: 'PLAIN',
  [`${role}.override.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required username="${user}" password="${password.replaceAll('"', '\\"')}";`,
});
const api = { produce: 0, fetch: 1, createTopics: 19, initProducerId: 22 };
const at = (name: string) => `/connectors/${encodeURIComponent(name)}`;
const positions = async (topic: string, name: string) =>
  (await topicRecords(topic)).filter(({ key }) => key?.startsWith(`[${JSON.stringify(name)},`));

test('a source writes, fences and stores its offsets as its configured user, and continues from an earlier topic', async () => {
  const [name, topic, ownTopic, file] = [
    draw.connectorName(),
    draw.topic(),
    draw.topic(),
    join(worker.folder, 'own.txt'),
  ];
  const config = { 'connector.class': 'FileStreamSource', file, topic };
  const lines = async () => (await topicRecords(topic)).map(({ value }) => value);
  await writeFile(file, 'one\ntwo\n');
  await worker.create(name, config);
  await eventually('the first lines are written', async () => (await lines()).length === 2);

  const moved = {
    ...config,
    ...login('producer', 'writer'),
    ...login('admin', 'creator'),
    'offsets.storage.topic': ownTopic,
  };
  await worker.call('PUT', `${at(name)}/config`, moved);
  await eventually('the task logs in', async () => proxy.apiKeysOf('writer')?.has(api.initProducerId) === true);
  await appendFile(file, 'three\n');
  await eventually('the third line is written', async () => (await lines()).length >= 3);
  expect(await lines()).toEqual(['one', 'two', 'three']);
  await eventually('it was written by that user', async () => proxy.apiKeysOf('writer')?.has(api.produce) === true);
  expect(proxy.apiKeysOf('creator')).toContain(api.createTopics);
  expect((await positions(ownTopic, name)).length).toBeGreaterThan(0);

  const { offsets } = await worker.call<{ offsets: { offset: JsonValue }[] }>('GET', `${at(name)}/offsets`);
  expect(offsets).toMatchObject([{ offset: { position: 14 } }]);
  await worker.call('PUT', `${at(name)}/stop`);
  await worker.call('DELETE', `${at(name)}/offsets`);
  for (const place of [ownTopic, worker.properties['offset.storage.topic'] ?? ''])
    expect((await positions(place, name)).at(-1), place).toMatchObject({ value: null });
  await worker.call('PUT', `${at(name)}/resume`);
  await eventually('all lines are written again', async () => (await lines()).length === 6);
  expect(proxy.apiKeysOf('writer')).toContain(api.fetch);
  const answers = JSON.stringify(await worker.call('GET', '/connectors?expand=info&expand=status'));
  for (const text of [answers, await worker.log()]) expect(text).not.toContain('pass word');
  await worker.call('DELETE', at(name));
});

test('a source continues at its position when its own offsets topic is removed, and when it gets another', async () => {
  const [name, topic, file] = [draw.connectorName(), draw.topic(), join(worker.folder, 'moved.txt')];
  const config = { 'connector.class': 'FileStreamSource', file, topic };
  const lines: string[] = [];
  const addLine = async (): Promise<void> => {
    lines.push(`line ${lines.length}`);
    await appendFile(file, `${lines.at(-1)}\n`);
  };
  for (const place of [draw.topic(), undefined, draw.topic()]) {
    const changed = place === undefined ? config : { ...config, 'offsets.storage.topic': place };
    await worker.call('PUT', `${at(name)}/config`, changed);
    const storedOffsets = async () =>
      (await positions(place ?? worker.properties['offset.storage.topic'] ?? '', name)).length;
    const before = await storedOffsets();
    // Tasks of the previous configuration may still read some of them.
    await eventually('offsets are stored there', async () => {
      await addLine();
      return (await storedOffsets()) > before + 1;
    });
    await eventually('all lines are written', async () => (await topicRecords(topic)).length >= lines.length);
    expect((await topicRecords(topic)).map(({ value }) => value)).toEqual(lines);
  }
  await worker.call('DELETE', at(name));
});

test("topics of the worker and offsets topics are created with the worker's settings", async () => {
  const [name, ownTopic] = [draw.connectorName(), draw.topic()];
  const file = join(worker.folder, 'configured.txt');
  await writeFile(file, 'line\n');
  const source = { 'connector.class': 'FileStreamSource', file, topic: draw.topic() };
  await worker.create(name, { ...source, 'offsets.storage.topic': ownTopic });
  await eventually('the line is written', async () => (await topicRecords(source.topic)).length === 1);
  await worker.call('DELETE', at(name));
  const kafka = testKafka();
  for (const topic of [ownTopic, ...['offset', 'config'].map(of => worker.properties[`${of}.storage.topic`] ?? '')])
    expect((await kafka.admin.topicConfig(topic)).get('segment.ms'), topic).toBe(SEGMENT_MS);
  await kafka.close();
});

test('a sink reads, and writes its dead letters, as its configured users', async () => {
  const [name, topic, letters, file] = [draw.sinkName(), draw.topic(), draw.topic(), join(worker.folder, 'read.txt')];
  const kafka = testKafka();
  await produce(kafka, topic, ['{"a":1}', 'no JSON']).finally(() => kafka.close());
  await worker.create(name, {
    'connector.class': 'FileStreamSink',
    topics: topic,
    file,
    'value.converter': 'JsonConverter',
    'value.converter.schemas.enable': 'false',
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': letters,
    'errors.deadletterqueue.topic.replication.factor': '1',
    ...login('consumer', 'reader'),
    ...login('producer', 'undertaker'),
  });
  await eventually('the dead letter is written', async () => (await topicRecords(letters)).length === 1);
  await eventually('the other record is written', async () => (await readFile(file, 'utf8')).includes('a=1'));
  expect(proxy.apiKeysOf('reader')).toContain(api.fetch);
  expect(proxy.apiKeysOf('reader')).not.toContain(api.produce);
  expect(proxy.apiKeysOf('undertaker')).toContain(api.produce);
  await worker.call('DELETE', at(name));
});

test('a connector whose brokers do not answer can be given other brokers', async () => {
  const [name, topic, file] = [draw.connectorName(), draw.topic(), join(worker.folder, 'elsewhere.txt')];
  const config = { 'connector.class': 'FileStreamSource', file, topic };
  await writeFile(file, 'line\n');
  await worker.create(name, {
    ...config,
    'producer.override.bootstrap.servers': '127.0.0.1:1',
    'producer.override.request.timeout.ms': '500',
  });
  await eventually('the task fails', async () => (await worker.task(name))?.last_failure !== undefined);
  await worker.call('PUT', `${at(name)}/config`, config);
  await eventually('the line is written', async () => (await topicRecords(topic)).length === 1);
  await worker.call('DELETE', at(name));
});

test.each([
  ['producer.override.acks', '1', /acks=all/],
  ['producer.override.sasl.mechanism', 'GSSAPI', /PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512/],
  ['consumer.override.bootstrap.servers', '127.0.0.1:1', /set the brokers of the producer/],
  ['admin.override.retry.backoff.ms', '7', /remove it/],
])('%s=%s is rejected', async (key, value, reason) => {
  const config = {
    'connector.class': 'FileStreamSource',
    file: join(worker.folder, 'none.txt'),
    topic: draw.topic(),
    'producer.override.security.protocol': 'SASL_PLAINTEXT',
    'producer.override.sasl.mechanism': 'PLAIN',
    'producer.override.sasl.jaas.config': 'x required username="u" password="p";',
    [key]: value,
  };
  const refusal = worker.create(draw.connectorName(), config);
  await expect(refusal).rejects.toThrow(new RegExp(`400.*${key.replaceAll('.', '\\.')}.*${reason.source}`, 's'));
});

import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import kafkajs, { type Transaction } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';
import { TestWorker } from '../support/worker.ts';

/** Open transactions in the topics that all connectors of a cluster share. */
const draw = generator(import.meta.url);
const kafka = new kafkajs.Kafka({ brokers: [servers().kafka], logLevel: kafkajs.logLevel.NOTHING });
let worker: TestWorker;

beforeAll(async () => {
  worker = await TestWorker.start('foreign', () => ({ 'offset.storage.partitions': '3' }));
});
afterAll(() => worker?.[Symbol.asyncDispose]());

interface OpenTransaction extends AsyncDisposable {
  readonly id: string;
  readonly transaction: Transaction;
}

/** Leaves a transaction open with these records, each in the partition of its key, and one in every partition. */
async function holdOpen(topic: string, records: readonly { key: string; value: string }[]): Promise<OpenTransaction> {
  const id = uniqueName('holder');
  const producer = kafka.producer({ transactionalId: id, maxInFlightRequests: 1, transactionTimeout: 600_000 });
  await producer.connect();
  const admin = kafka.admin();
  await admin.connect();
  const [{ partitions } = { partitions: [] }] = (await admin.fetchTopicMetadata({ topics: [topic] })).topics;
  await admin.disconnect();
  const transaction = await producer.transaction();
  const everywhere = partitions.map(({ partitionId: partition }) => ({ key: '["holder",{}]', value: '{}', partition }));
  await transaction.send({ topic, messages: [...records, ...everywhere] });
  return {
    id,
    transaction,
    async [Symbol.asyncDispose]() {
      if (transaction.isActive()) await transaction.abort();
      await producer.disconnect();
    },
  };
}

const at = (name: string, path = '') => `/connectors/${encodeURIComponent(name)}${path}`;
const fileOf = (name: string) => join(worker.folder, `${Buffer.from(name).toString('hex').slice(0, 60)}.txt`);
async function create(name: string, lines: string): Promise<void> {
  await writeFile(fileOf(name), lines);
  await worker.create(name, {
    'connector.class': 'FileStreamSource',
    file: fileOf(name),
    topic: draw.topic(),
    // Stored in the configuration topic, where its task reads it.
    'producer.override.ssl.keystore.password': 'a secret of the test',
  });
}
const position = async (name: string) => {
  type Offsets = { offsets: { offset: { position: number } }[] };
  return (await worker.call<Offsets>('GET', at(name, '/offsets'))).offsets[0]?.offset.position;
};
const reaches = (name: string, bytes: number) =>
  eventually(`${name} is at ${bytes}`, async () => (await position(name)) === bytes, { within: 15_000 });
const stopped = (name: string) =>
  eventually(`${name} is stopped`, async () => (await worker.call<[]>('GET', at(name, '/tasks'))).length === 0);

test('open transactions of other producers do not delay a connector', async () => {
  const [before, during] = [draw.connectorName(), draw.connectorName()];
  await using _neighbours = await draw.otherConnectors(worker, [before, during]);
  await create(before, 'one\n');
  await reaches(before, 4);
  const { 'offset.storage.topic': offsets = '', 'config.storage.topic': configs = '' } = worker.properties;
  await using _offsets = await holdOpen(offsets, [{ key: '["somebody",{"else":1}]', value: '{"n":1}' }]);
  await using _configs = await holdOpen(configs, [{ key: 'connector-somebody', value: '{}' }]);

  await create(during, 'one\ntwo\n');
  await reaches(during, 8);
  await worker.call('POST', at(before, '/restart?includeTasks=true'));
  await appendFile(fileOf(before), 'two\n');
  await reaches(before, 8);

  await worker.call('PUT', at(before, '/pause'));
  await worker.awaitState(before, 'PAUSED');
  await worker.call('PUT', at(before, '/resume'));
  await appendFile(fileOf(before), 'three\n');
  await reaches(before, 14);
  await worker.call('PUT', at(before, '/stop'));
  await stopped(before);
  const moved = [{ partition: { filename: fileOf(before) }, offset: { position: 4 } }];
  await worker.call('PATCH', at(before, '/offsets'), { offsets: moved });
  expect(await position(before)).toBe(4);
  for (const name of [before, during]) await worker.call('DELETE', at(name));
});

test('a transaction that contains offsets of the connector is awaited and named; the connector can be stopped', async () => {
  const [name, other] = [draw.connectorName(), draw.connectorName()];
  // Creates the offsets topic.
  await create(other, 'one\n');
  await reaches(other, 4);
  const offsets = worker.properties['offset.storage.topic'] ?? '';
  const key = JSON.stringify([name, { filename: fileOf(name) }]);
  await using held = await holdOpen(offsets, [{ key, value: '{"position":4}' }]);
  await create(name, 'one\ntwo\n');
  const failure = await eventually(
    'the status shows the transaction',
    async () => (await worker.task(name))?.last_failure,
  );
  expect(failure).toContain(`by the transactional id ${held.id} (producer`);
  expect(failure).toContain(`${offsets}-`);
  expect(await position(name)).toBeUndefined();
  await worker.call('PUT', at(name, '/stop'));
  await stopped(name);
  await worker.call('PUT', at(name, '/resume'));
  await worker.call('DELETE', at(name));
  await create(name, 'one\ntwo\n');
  await worker.awaitState(name, 'RUNNING');
  await held.transaction.commit();
  await reaches(name, 8);
  // The source started at the committed offset.
  const countWritten = async () => Number((await worker.task(name))?.figures?.['records_written']);
  expect(await eventually('the record is written', countWritten)).toBe(1);
});

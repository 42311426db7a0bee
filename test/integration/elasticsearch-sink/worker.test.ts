import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import type { KafkaAdmin } from '../../../src/kafka/port.ts';
import { silent } from '../../../src/observability/silent.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../../src/temporal/control/control.ts';
import { type Hit, TestIndex } from '../../support/elasticsearch.ts';
import { eventually } from '../../support/eventually.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

/** The connector on a worker: created through REST, with topics of another producer. */
const group = uniqueName('elastic');
const kafka = new kafkajs.Kafka({ brokers: [servers().kafka], logLevel: kafkajs.logLevel.NOTHING });
const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
let folder: string;
let worker: WorkerProcess;

const startWorker = async () =>
  startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'temporal.address': servers().temporal,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  });

/** Created before the first write: an automatically created topic has no leader at first, and kafkajs gives up. */
const makeTopic = (topic: string) =>
  withAdmin(admin => admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]));
const hasTopic = (topic: string) => withAdmin(async admin => (await admin.partitions([topic])).has(topic));

async function withAdmin<T>(ask: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const client = kafkaClient({ brokers: [servers().kafka], clientId: 'elastic-test' }, silent);
  try {
    return await ask(client.admin);
  } finally {
    await client.close();
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-elastic-test-'));
  [worker] = await Promise.all([startWorker(), producer.connect()]);
});
afterAll(async () => {
  await Promise.all([worker?.stop(), producer.disconnect()]);
  await rm(folder, { recursive: true, force: true });
});

const create = (name: string, config: Record<string, string>) =>
  call('POST', `${worker.url}/connectors`, { name, config });
const remove = (name: string) => call('DELETE', `${worker.url}/connectors/${name}`);

/** JSON with its schema, as JsonConverter encodes it. */
const login = (username: string, time: number) =>
  JSON.stringify({
    schema: {
      type: 'struct',
      fields: [
        { field: 'username', type: 'string', optional: true },
        { field: 'login_time', type: 'int64', name: 'org.apache.kafka.connect.data.Timestamp', optional: true },
      ],
    },
    payload: { username, login_time: time },
  });

test('the introductory configuration: a search returns each record under topic+partition+offset', async () => {
  await using index = new TestIndex('mysql.login');
  await makeTopic(index.name);
  await producer.send({
    topic: index.name,
    messages: ['alice', 'bob'].map((name, i) => ({ value: login(name, Date.UTC(2026, 0, 1 + i)) })),
  });
  const name = uniqueName('elastic-sink');
  await create(name, {
    'connector.class': 'ElasticsearchSinkConnector',
    'connection.url': index.url,
    topics: index.name,
    'key.ignore': 'true',
  });
  const hits = await eventually('both are found', async () => {
    const answer = await fetch(`${index.url}/${index.name}/_search?pretty=true`);
    const { hits } = (await answer.json()) as { hits?: { hits: Hit[] } };
    return hits?.hits.length === 2 && hits.hits;
  });
  expect(hits.map(({ _id, _source }) => ({ _id, _source }))).toEqual([
    { _id: `${index.name}+0+0`, _source: { username: 'alice', login_time: Date.UTC(2026, 0, 1) } },
    { _id: `${index.name}+0+1`, _source: { username: 'bob', login_time: Date.UTC(2026, 0, 2) } },
  ]);
  await remove(name);
});

test('malformed documents go to the dead-letter queue, the others to the index', async () => {
  await using index = new TestIndex('letters');
  await index.create({ mappings: { properties: { n: { type: 'integer' } } } });
  await makeTopic(index.name);
  await producer.send({
    topic: index.name,
    messages: Array.from({ length: 20 }, (_, i) => ({ key: `k${i}`, value: `{"n":${i % 10 === 5 ? '"odd"' : i}}` })),
  });
  const name = uniqueName('letters');
  const letters = `${index.name}-dlq`;
  await create(name, {
    'connector.class': 'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector',
    'connection.url': index.url,
    topics: index.name,
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'schema.ignore': 'true',
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': letters,
    'errors.deadletterqueue.topic.replication.factor': '1',
    'errors.deadletterqueue.context.headers.enable': 'true',
  });
  await eventually('the valid ones are indexed', async () => Object.keys(await index.documents()).length === 18);
  await eventually('the queue exists', () => hasTopic(letters));
  // Waits for its leader.
  await makeTopic(letters);
  const consumer = kafka.consumer({ groupId: uniqueName('letters') });
  await consumer.connect();
  await consumer.subscribe({ topics: [letters], fromBeginning: true });
  const deadLetters: { key: string; why: string }[] = [];
  await consumer.run({
    eachMessage: async ({ message }) => {
      deadLetters.push({
        key: String(message.key),
        why: String(message.headers?.['__connect.errors.exception.message']),
      });
    },
  });
  await eventually('both letters arrived', () => deadLetters.length >= 2);
  await consumer.disconnect();
  expect(deadLetters.map(({ key }) => key)).toEqual(['k5', 'k15']);
  expect(deadLetters[0]?.why).toMatch(/_parsing_exception: .*failed to parse field \[n\] of type \[integer\]/);
  await remove(name);
});

test('a worker that is killed with -9 leaves each document at its last version', async () => {
  await using index = new TestIndex('killed_worker');
  const records = 20_000;
  const keys = 700;
  await makeTopic(index.name);
  for (let first = 0; first < records; first += 2000)
    await producer.send({
      topic: index.name,
      messages: Array.from({ length: 2000 }, (_, i) => ({
        key: `k${(first + i) % keys}`,
        value: `{"offset":${first + i}}`,
      })),
    });
  const name = uniqueName('killed');
  await create(name, {
    'connector.class': 'ElasticsearchSink',
    'connection.url': index.url,
    'read.timeout.ms': '30000',
    topics: index.name,
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'schema.ignore': 'true',
  });
  await eventually('some of it is indexed', async () => Object.keys(await index.documents()).length > 0, { every: 10 });
  await worker.kill9();
  worker = await startWorker();
  const last = (key: number) => key + keys * Math.floor((records - 1 - key) / keys);
  await eventually(
    'all of it is indexed',
    async () => {
      const documents = await index.documents();
      return Array.from({ length: keys }, (_, key) => documents[`k${key}`]?._version === last(key)).every(Boolean);
    },
    { within: 60_000, every: 200 },
  );
  for (const { _version, _source } of Object.values(await index.documents())) expect(_source['offset']).toBe(_version);
  // Documents of the killed worker are recognized as written from the same partition.
  await eventually('no version is taken for one of another partition', async () => {
    const { tasks } = await call<StatusInfo>('GET', `${worker.url}/connectors/${name}/status`);
    return tasks[0]?.figures?.['foreign_versions'] === 0;
  });
  await remove(name);
}, 120_000);

import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import { silent } from '../../src/observability/silent.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { elasticsearchUrl } from '../support/elasticsearch.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';
import { TestWorker } from '../support/worker.ts';

/** Batches with many records that the destination rejects. */
const draw = generator(import.meta.url);
const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
let worker: TestWorker;
let db: TestDatabase;

beforeAll(async () => {
  [worker, db] = await Promise.all([TestWorker.start('many-bad'), createDatabase('many_bad')]);
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await db?.[Symbol.asyncDispose]();
  await kafka.close();
});

const ROWS = 2000;
const isBad = (id: number) => id % 5 === 0;
const BAD = ROWS / 5;

async function fill(contentOf: (id: number) => unknown): Promise<string> {
  const topic = uniqueName('rows');
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
  const options = { compression: 'lz4', transactionTimeoutMs: 30_000 } as const;
  const producer = await kafka.producer({ transactionalId: topic, ...options });
  await producer.prepare([topic]);
  const batch = producer.batch();
  for (let id = 0; id < ROWS; id++) {
    const [key, value] = [Buffer.from(String(id)), Buffer.from(JSON.stringify(contentOf(id)))];
    const bytes = Buffer.concat([key, value]);
    batch.append(topic, 0, null, bytes, 0, key.length, key.length, bytes.length, []);
  }
  await producer.commit(batch);
  await producer.close();
  return topic;
}

async function sink(topic: string, config: Record<string, string>): Promise<{ name: string; queue: string }> {
  const [name, queue] = [draw.sinkName(), uniqueName('letters')];
  await worker.create(name, {
    topics: topic,
    'value.converter': 'JsonConverter',
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': queue,
    'errors.deadletterqueue.topic.replication.factor': '1',
    ...config,
  });
  return { name, queue };
}

/** Each dead letter has an offset, and so has the marker of each transaction. */
async function expectLetters(name: string, queue: string): Promise<void> {
  const skipped = async () => (await worker.task(name))?.figures?.['records_skipped'];
  await eventually('all bad records are counted', async () => (await skipped()) === BAD);
  const [range] = await kafka.admin.offsets([{ topic: queue, partition: 0 }]);
  expect(range?.high).toBeGreaterThan(BAD);
  expect(range?.high).toBeLessThanOrEqual(BAD + 10);
}

test('a database sink finds all bad records in one pass, and writes the others', async () => {
  const schema = {
    type: 'struct',
    fields: [
      { field: 'id', type: 'int32' },
      { field: 'n', type: 'int32' },
    ],
  };
  const topic = await fill(id => ({ schema, payload: { id, n: isBad(id) ? -1 : id } }));
  await db.query('CREATE TABLE taken (id int PRIMARY KEY, n int CHECK (n >= 0))');
  const { host, port, user, password } = db.connection;
  const { name, queue } = await sink(topic, {
    'connector.class': 'JdbcSink',
    'connection.url': `jdbc:postgresql://${host}:${port}/${db.name}`,
    'connection.user': user,
    'connection.password': password || 'unused',
    'table.name.format': 'taken',
    'insert.mode': 'upsert',
    'pk.mode': 'record_value',
    'pk.fields': 'id',
  });
  const rows = async () => Number((await db.query<{ n: string }>('SELECT count(*) AS n FROM taken'))[0]?.n);
  await eventually('the other records are written', async () => (await rows()) === ROWS - BAD, { within: 60_000 });
  await expectLetters(name, queue);
});

test('an Elasticsearch sink sends them in one batch, and writes the others', async () => {
  const topic = await fill(id => ({ n: isBad(id) ? 'not a number' : id }));
  const url = elasticsearchUrl();
  const mappings = { properties: { n: { type: 'integer' } } };
  const headers = { 'content-type': 'application/json' };
  await fetch(`${url}/${topic}`, { method: 'PUT', headers, body: JSON.stringify({ mappings }) });
  const { name, queue } = await sink(topic, {
    'connector.class': 'ElasticsearchSink',
    'connection.url': url,
    'value.converter.schemas.enable': 'false',
    'schema.ignore': 'true',
    'key.ignore': 'false',
    'behavior.on.malformed.documents': 'fail',
  });
  const count = async () => {
    await fetch(`${url}/${topic}/_refresh`, { method: 'POST' });
    return ((await (await fetch(`${url}/${topic}/_count`)).json()) as { count: number }).count;
  };
  await eventually('the other records are written', async () => (await count()) === ROWS - BAD, { within: 60_000 });
  await expectLetters(name, queue);
  await fetch(`${url}/${topic}`, { method: 'DELETE' });
});

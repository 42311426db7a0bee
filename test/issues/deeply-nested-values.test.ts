import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { TestIndex } from '../support/elasticsearch.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { type ResponsiveWorker, startResponsiveWorker } from '../support/responsive-worker.ts';

/** Values at and above the limit of 1,000 nesting levels, through every sink: none ends a task. */
const LIMIT = 1000;
const draw = generator(import.meta.url);
let worker: ResponsiveWorker;
let database: TestDatabase;

beforeAll(async () => {
  worker = await startResponsiveWorker('nested');
  database = await createDatabase('nested');
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await database?.drop();
});

/** JSON of an object or array with this many levels. */
const nested = (levels: number): fc.Arbitrary<string> =>
  fc.infiniteStream(fc.boolean()).map(choices => {
    const isObject = Array.from({ length: levels }, () => choices.next().value === true);
    const open = isObject.map(object => (object ? '{"a":' : '[')).join('');
    return `${open}1${isObject.reduceRight((text, object) => `${text}${object ? '}' : ']'}`, '')}`;
  });

const levels = [LIMIT - 1, LIMIT, LIMIT + 1, 3000, 100_000];
const sink = { 'errors.tolerance': 'all', 'value.converter.schemas.enable': 'false' };

/** Writes the nested values and then `next`; waits until the connector has processed them. Returns the dead letters. */
async function deadLetters(config: Readonly<Record<string, string>>, hasNext: (topic: string) => Promise<boolean>) {
  const topic = config['topics'] ?? '';
  const queue = `${topic}_dead`;
  const values = levels.map(count => `{"b":${draw.value(nested(count - 1))}}`);
  await worker.produce(
    topic,
    [...values, '{"plain":"next"}'].map(value => ({ value })),
  );
  const name = draw.sinkName();
  await worker.create(name, {
    ...sink,
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'errors.deadletterqueue.topic.name': queue,
    'errors.deadletterqueue.topic.replication.factor': '1',
    ...config,
  });
  await worker.whileResponsive(() => eventually('the next record is written', () => hasNext(topic)));
  await eventually('all records are processed', async () => {
    const [task] = (await worker.status(encodeURIComponent(name))).tasks;
    const { records_written: written, records_skipped: skipped } = task?.figures ?? {};
    return task?.state === 'RUNNING' && Number(written) + Number(skipped) === levels.length + 1;
  });
  return worker.count(queue);
}

const topic = () => `nested_${draw.table().replace(/[^a-z0-9]/g, '')}_${Date.now()}`;

test('a file sink writes values within the limit', async () => {
  const file = join(worker.folder, 'lines');
  const dead = await deadLetters({ 'connector.class': 'FileStreamSink', file, topics: topic() }, async () =>
    (await readFile(file, 'utf8').catch(() => '')).endsWith('{plain=next}\n'),
  );
  expect(dead).toBe(3);
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(4);
});

test('a JDBC sink writes values within the limit as JSON', async () => {
  const { host, port, user, password } = database.connection;
  const table = topic();
  await database.query(`CREATE TABLE "${table}" (plain text, b jsonb)`);
  const config = {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
    'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}?sslmode=disable`,
    'connection.user': user,
    'connection.password': password,
    'insert.mode': 'insert',
    topics: table,
  };
  const rows = (where: string) => database.query(`SELECT 1 FROM "${table}" WHERE ${where}`);
  expect(await deadLetters(config, async () => (await rows(`plain = 'next'`)).length === 1)).toBe(3);
  expect(await rows('b IS NOT NULL')).toHaveLength(2);
});

test('an Elasticsearch sink sends values that the index rejects to the dead-letter queue', async () => {
  await using index = new TestIndex('nested');
  const config = {
    'connector.class': 'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector',
    'connection.url': index.url,
    'key.ignore': 'true',
    'read.timeout.ms': '30000',
    'schema.ignore': 'true',
    'behavior.on.malformed.documents': 'fail',
    topics: index.name,
  };
  const plain = async () =>
    Object.values(await index.sources()).some(source => (source as { plain?: string }).plain === 'next');
  expect(await deadLetters(config, () => plain().catch(() => false))).toBe(levels.length);
});

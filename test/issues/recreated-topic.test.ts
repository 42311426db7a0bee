import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { produce, testKafka } from '../support/produce.ts';
import { appendingSink, idsOf, numberedObjects, range } from '../support/table-connectors.ts';
import { WorkerGroup } from '../support/worker-group.ts';

/** A topic is deleted and created again while a sink is paused; it then has more records than the sink had read. */
const draw = generator(import.meta.url);
const kafka = testKafka();
let database: TestDatabase;
let group: WorkerGroup;
beforeAll(async () => {
  [database, group] = await Promise.all([createDatabase('recreated'), WorkerGroup.start('recreated')]);
});
afterAll(async () => {
  await group?.[Symbol.asyncDispose]();
  await database?.drop();
  await kafka.close();
});

const put = (name: string, what: string, body?: unknown) =>
  group.request('PUT', `/${encodeURIComponent(name)}/${what}`, body);
const paused = async (name: string) => {
  await put(name, 'pause');
  await eventually('the task has ended', async () => (await group.status(name)).tasks[0]?.state === 'PAUSED');
};
const recreate = async (topic: string) => {
  await kafka.admin.deleteTopics([topic]);
  await produce(kafka, topic, numberedObjects(1000, 1300));
};
const failure = (name: string) =>
  eventually('the task failed', async () => {
    const [task] = (await group.status(name)).tasks;
    return task?.state === 'FAILED' && task.trace;
  });

test('a JDBC sink reports that its position is of another topic, and reads the new one if configured', async () => {
  const [topic, name] = [draw.topic(), draw.sinkName()];
  await database.query('CREATE TABLE rows (id int)');
  await produce(kafka, topic, numberedObjects(0, 100));
  const config = appendingSink(database, topic, 'rows');
  await group.create(name, config);
  await eventually('the first records are written', async () => (await idsOf(database, 'rows')).length === 100);
  await paused(name);
  await recreate(topic);

  await put(name, 'resume');
  const trace = await failure(name);
  expect(trace).toMatch(/SOURCE_POSITION_LOST.*offset 10\d.*deleted and created again.*millrace\.topic\.recreated/s);
  expect(await idsOf(database, 'rows')).toEqual(range(0, 100));

  await put(name, 'config', { ...config, 'millrace.topic.recreated': 'earliest' });
  await eventually('the new records are written', async () => (await idsOf(database, 'rows')).length === 400);
  await group.request('POST', `/${encodeURIComponent(name)}/restart?includeTasks=true`);
  await produce(kafka, topic, numberedObjects(1300, 1350));
  await eventually('it continues', async () => (await idsOf(database, 'rows')).length === 450);
  expect(await idsOf(database, 'rows')).toEqual([...range(0, 100), ...range(1000, 1350)]);
});

test('a file sink does the same, and continues after its offsets are set', async () => {
  const [topic, name] = [draw.topic(), draw.sinkName()];
  const file = join(group.folder, 'lines.txt');
  const lines = async () => (await readFile(file, 'utf8')).split('\n').filter(line => line !== '');
  await produce(kafka, topic, numberedObjects(0, 100));
  await group.create(name, {
    'connector.class': 'FileStreamSink',
    topics: topic,
    file,
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  });
  await eventually('the first records are written', async () => (await lines()).length === 100);
  await paused(name);
  await recreate(topic);
  await put(name, 'resume');
  expect(await failure(name)).toMatch(/SOURCE_POSITION_LOST/);

  await put(name, 'stop');
  const partition = { kafka_topic: topic, kafka_partition: 0 };
  await group.request('PATCH', `/${encodeURIComponent(name)}/offsets`, {
    offsets: [{ partition, offset: { kafka_offset: 200 } }],
  });
  await put(name, 'resume');
  await eventually('the last hundred are written', async () => (await lines()).length === 200);
  expect((await lines()).slice(100)).toEqual(numberedObjects(1200, 1300));
});

test('a topic that is recreated while its sink runs is not read from the middle', async () => {
  const [topic, name] = [draw.topic(), draw.sinkName()];
  await database.query('CREATE TABLE running (id int)');
  await produce(kafka, topic, numberedObjects(0, 100));
  await group.create(name, { ...appendingSink(database, topic, 'running'), 'millrace.topic.recreated': 'earliest' });
  await eventually('the first records are written', async () => (await idsOf(database, 'running')).length === 100);
  await recreate(topic);
  await eventually('the new records are written', async () => (await idsOf(database, 'running')).length >= 400);
  expect(await idsOf(database, 'running')).toEqual([...range(0, 100), ...range(1000, 1300)]);
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { produce, testKafka } from '../support/produce.ts';
import { appendingSink, idsOf, numberedObjects, range } from '../support/table-connectors.ts';
import { WorkerGroup } from '../support/worker-group.ts';

const draw = generator(import.meta.url);
const kafka = testKafka();
afterAll(() => kafka.close());

test('sinks of one name in two clusters each write every record to one database and one file', async () => {
  await using database = await createDatabase('two_clusters');
  await database.query('CREATE TABLE a (id int); CREATE TABLE b (id int)');
  await using first = await WorkerGroup.start('first');
  await using second = await WorkerGroup.start('second');
  const [topic, rows, lines] = [draw.topic(), draw.sinkName(), draw.sinkName()];
  await produce(kafka, topic, numberedObjects(0, 200));
  const file = {
    'connector.class': 'FileStreamSink',
    topics: topic,
    file: join(first.folder, 'lines.txt'),
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  };
  const fileLines = async () => (await readFile(file.file, 'utf8')).split('\n').filter(line => line !== '');

  await first.create(rows, appendingSink(database, topic, 'a'));
  await first.create(lines, file);
  await eventually('the first cluster has written', async () => (await idsOf(database, 'a')).length === 200);
  await eventually('the first cluster has written lines', async () => (await fileLines()).length === 200);
  await second.create(rows, appendingSink(database, topic, 'b'));
  await second.create(lines, file);
  await eventually('the second cluster has written', async () => (await idsOf(database, 'b')).length === 200);
  await eventually('the second cluster has written lines', async () => (await fileLines()).length === 400);
  await produce(kafka, topic, numberedObjects(200, 300));
  for (const table of ['a', 'b'])
    await eventually(`${table} gets new rows`, async () => (await idsOf(database, table)).length === 300);
  expect(await idsOf(database, 'a')).toEqual(range(0, 300));
  expect(await idsOf(database, 'b')).toEqual(range(0, 300));
  await eventually('both write to the file', async () => (await fileLines()).length === 600);
}, 120_000);

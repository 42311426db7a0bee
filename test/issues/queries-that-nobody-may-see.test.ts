import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { topicRecords } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/** query.masked over REST: the query runs, and appears in no answer, message or log; unsupported values are skipped. */
const draw = generator(import.meta.url);
const secret = 'm4sked-l1teral';
let db: TestDatabase;
let worker: TestWorker;
beforeAll(async () => {
  [db, worker] = await Promise.all([createDatabase('masked'), TestWorker.start('masked')]);
  await db.query("CREATE TABLE t (id int PRIMARY KEY, n numeric); INSERT INTO t VALUES (1, 1), (2, 'NaN'), (3, 3)");
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await db?.drop();
});

test('a masked query is not shown', async () => {
  const { host, port, user, password } = db.connection;
  const topic = draw.topic();
  const config = {
    'connector.class': 'JdbcSourceConnector',
    'connection.url': `jdbc:postgresql://${host}:${port}/${db.name}`,
    'connection.user': user,
    'connection.password': password || 'unused',
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'topic.prefix': topic,
    'poll.interval.ms': '100',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'errors.tolerance': 'all',
  };
  const [right, wrong] = [draw.connectorName(), draw.connectorName()];
  const columns = `id, n, '${secret}' AS text`;
  await worker.create(right, { ...config, 'query.masked': `SELECT ${columns} FROM t; -- ${secret}` });
  await eventually('the supported records are written', async () => {
    const records = await topicRecords(topic);
    return JSON.stringify(records.map(({ value }) => JSON.parse(value ?? '{}').id)) === '[1,3]';
  });
  await worker.create(wrong, { ...config, 'query.masked': `SELECT ${columns} '${secret}' FROM t` });
  const { last_failure } = (await worker.awaitState(wrong, 'FAILED')) as { last_failure?: string };
  const path = (name: string) => `/connectors/${encodeURIComponent(name)}`;
  const answers = await Promise.all(
    [right, wrong].flatMap(name =>
      ['', '/config', '/status', '/tasks'].map(part => worker.call('GET', path(name) + part)),
    ),
  );
  for (const text of [JSON.stringify(answers), await worker.log(), String(last_failure)])
    expect(text).not.toContain(secret);
  expect(JSON.stringify(answers)).toContain('42601');
  for (const name of [right, wrong]) await worker.call('DELETE', path(name));
});

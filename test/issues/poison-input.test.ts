import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type ResponsiveWorker, startResponsiveWorker } from '../support/responsive-worker.ts';
import { uniqueName } from '../support/topic.ts';

/** One input of each kind that once stopped a worker for minutes. Later input is still processed. */
let worker: ResponsiveWorker;
let database: TestDatabase;

beforeAll(async () => {
  worker = await startResponsiveWorker('poison');
  database = await createDatabase('poison');
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await database?.drop();
});

const text = 'org.apache.kafka.connect.storage.StringConverter';

test('a record with a header of 900 KB that starts like a number is processed', async () => {
  const topic = uniqueName('header');
  const file = join(worker.folder, topic);
  await worker.produce(topic, [
    { value: 'poison', headers: [{ key: 'trace', value: Buffer.from(`${'1'.repeat(900_000)}x`) }] },
    { value: 'next' },
  ]);
  await worker.create(topic, { 'connector.class': 'FileStreamSink', file, topics: topic, 'value.converter': text });
  await worker.whileResponsive(() =>
    eventually('both lines are written', async () => (await readFile(file, 'utf8')) === 'poison\nnext\n'),
  );
});

test.each([
  ['placeholder', `$${'{a:'}${':'.repeat(900_000)}`],
  ['row of placeholders', `$${'{a:'}`.repeat(225_000)],
])('a request with a value of 900 KB that starts like a %s is processed', async (_what, topic) => {
  const answer = await worker.whileResponsive(() =>
    fetch(`${worker.url}/connector-plugins/FileStreamSource/config/validate`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ 'connector.class': 'FileStreamSource', name: 'x', file: '/tmp/x', topic }),
    }),
  );
  expect(answer.status).toBe(200);
});

test('a record with a field name of 100,000 characters is processed', async () => {
  const topic = uniqueName('field');
  const { host, port, user, password } = database.connection;
  const long = 'f'.repeat(100_000);
  const record = (name: string, value: string) => ({
    value: JSON.stringify({
      schema: { type: 'struct', optional: false, fields: [{ field: name, type: 'string', optional: true }] },
      payload: { [name]: value },
    }),
  });
  await worker.produce(topic, [record(long, 'poison'), record('plain', 'next')]);
  await worker.create(topic, {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
    'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}?sslmode=disable`,
    'connection.user': user,
    'connection.password': password,
    topics: topic,
    'auto.create': 'true',
    'auto.evolve': 'true',
    'insert.mode': 'insert',
    'errors.tolerance': 'all',
  });
  await worker.whileResponsive(() =>
    eventually('the next row is written', async () => {
      const rows = await database.query(`SELECT * FROM "${topic}" WHERE plain = 'next'`);
      return rows.length === 1;
    }),
  );
});

test('a regular expression with exponential backtracking in Java and V8 fails only its task', async () => {
  const topic = uniqueName('a'.repeat(40));
  const file = join(worker.folder, topic);
  await worker.produce(topic, [{ value: 'one' }]);
  const sink = (name: string, regex: string) =>
    worker.create(name, {
      'connector.class': 'FileStreamSink',
      file: `${file}-${name}`,
      topics: topic,
      'value.converter': text,
      transforms: 'route',
      'transforms.route.type': 'RegexRouter',
      'transforms.route.regex': regex,
      'transforms.route.replacement': 'x',
    });
  await worker.whileResponsive(async () => {
    const [linear, endless] = [uniqueName('linear'), uniqueName('endless')];
    await sink(linear, '(a+)+');
    await eventually('the line is written', async () => (await readFile(`${file}-${linear}`, 'utf8')) === 'one\n');
    // A back-reference is not supported by the linear engine.
    await sink(endless, '(a)(a+)+\\1-');
    const failed = await eventually('the task failed', async () => {
      const [task] = (await worker.status(endless)).tasks;
      return task?.state === 'FAILED' ? task : undefined;
    });
    expect(failed.trace).toMatch(/Transform route: regex of RegexRouter: the regular expression took too long/);
  });
});

test('records whose schemas have 30,000 fields each are rejected quickly', async () => {
  const topic = uniqueName('wide');
  const file = join(worker.folder, topic);
  const fields = Array.from({ length: 30_000 }, (_, i) => ({ field: `f${i}`, type: 'int8' }));
  // Each has its own schema, so that no cache helps; its fields are missing.
  const wide = Array.from({ length: 10 }, (_, i) => ({
    value: JSON.stringify({ schema: { type: 'struct', fields, doc: `${i}` }, payload: {} }),
  }));
  const next = { value: JSON.stringify({ schema: { type: 'string' }, payload: 'next' }) };
  await worker.produce(topic, [...wide, next]);
  await worker.create(topic, { 'connector.class': 'FileStreamSink', file, topics: topic, 'errors.tolerance': 'all' });
  await worker.whileResponsive(() =>
    eventually('the next line is written', async () => (await readFile(file, 'utf8')) === 'next\n'),
  );
});

test.each(['zstd', 'gzip'] as const)(
  'a batch of a few kilobytes of %s that decompresses to 300 MB is skipped',
  async codec => {
    const topic = uniqueName('bomb');
    const file = join(worker.folder, topic);
    await worker.produceCompressed(topic, Buffer.alloc(300_000_000), codec);
    await worker.produce(topic, [{ value: 'next' }]);
    await worker.create(topic, {
      'connector.class': 'FileStreamSink',
      file,
      topics: topic,
      'value.converter': text,
      'errors.tolerance': 'all',
    });
    await worker.whileResponsive(() =>
      eventually('the line after it is written', async () => (await readFile(file, 'utf8')) === 'next\n'),
    );
  },
);

test('levels of unknown loggers do not accumulate', async () => {
  const put = (name: string) =>
    fetch(`${worker.url}/admin/loggers/${name}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ level: 'DEBUG' }),
    }).then(async answer => {
      await answer.text();
      return answer.status;
    });
  const statuses = await worker.whileResponsive(async () => {
    const all: number[] = [];
    for (let from = 0; from < 3000; from += 10)
      all.push(...(await Promise.all(Array.from({ length: 10 }, (_, i) => put(`made.up.${from + i}`)))));
    return all;
  });
  expect(statuses.filter(status => status === 200)).toHaveLength(1000);
  expect(new Set(statuses.slice(1000))).toEqual(new Set([400]));
  expect(await put('x'.repeat(250))).toBe(400);
  // The level of an existing logger is set.
  expect(await put('rest')).toBe(200);
  const loggers = await (await fetch(`${worker.url}/admin/loggers`)).json();
  expect(Object.keys(loggers as object).length).toBeLessThan(1200);
});

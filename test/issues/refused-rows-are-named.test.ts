import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { type ResponsiveWorker, startResponsiveWorker } from '../support/responsive-worker.ts';

/** A row that the JDBC source cannot write is identified by its place and offset, never by its values. */
const draw = generator(import.meta.url);
let worker: ResponsiveWorker;
let database: TestDatabase;

beforeAll(async () => {
  worker = await startResponsiveWorker('refused');
  database = await createDatabase('refused');
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await database?.drop();
});

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

test.each([
  ['bulk', {}],
  ['incrementing', { 'incrementing.column.name': 'id' }],
  ['timestamp', { 'timestamp.column.name': 'at' }],
  ['timestamp+incrementing', { 'timestamp.column.name': 'at', 'incrementing.column.name': 'id' }],
])('in mode %s', async (mode, columns) => {
  const [table, column] = [draw.table(), draw.column()];
  await database.query(
    `CREATE TABLE ${quoted(table)} (id bigint NOT NULL, at timestamp NOT NULL, ${quoted(column)} numeric(38,2))`,
  );
  await database.query(
    `INSERT INTO ${quoted(table)} VALUES (41, '2024-01-01', 1), (42, '2024-01-02', 'NaN'), (43, '2024-01-03', 3)`,
  );
  const { host, port, user, password } = database.connection;
  const name = draw.connectorName();
  await worker.create(name, {
    'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
    'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}?sslmode=disable`,
    'connection.user': user,
    'connection.password': password,
    query: `SELECT * FROM ${quoted(table)}`,
    'topic.prefix': draw.topic(),
    mode,
    ...columns,
  });
  const failed = await eventually('the task failed', async () => {
    const [task] = (await worker.status(encodeURIComponent(name))).tasks;
    return task?.state === 'FAILED' ? task : undefined;
  });
  const offset = [
    ...('timestamp.column.name' in columns ? ['timestamp 2024-01-02 00:00:00.000000'] : []),
    ...('incrementing.column.name' in columns ? ['incrementing 42'] : []),
  ];
  const place = `row 2 of this poll of the query${offset.length === 0 ? '' : ` (${offset.join(', ')})`}`;
  expect(failed.trace).toContain(
    `${place}: column ${column} of the query: Connect's Decimal has no NaN and no infinities`,
  );
});

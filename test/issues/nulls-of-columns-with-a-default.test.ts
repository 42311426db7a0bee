import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { quoted } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';
import { debeziumSource } from '../support/table-connectors.ts';
import { uniqueName } from '../support/topic.ts';
import { TestWorker } from '../support/worker.ts';

/** The connectors of README.md: a NULL in a nullable column with a DEFAULT remains NULL. */
const draw = generator(import.meta.url);
let worker: TestWorker;
let db: TestDatabase;
beforeAll(async () => {
  [worker, db] = await Promise.all([TestWorker.start('readme'), createDatabase('readme')]);
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await db?.drop();
});

interface Example {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
}

async function examples(): Promise<Example[]> {
  const text = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  return [...text.matchAll(/-d '(\{.*?\n\})'/gs)].map(([, json]) => JSON.parse(json as string) as Example);
}

test('null is kept in snapshot, stream and copy', async () => {
  const [source, sink] = await examples();
  if (source === undefined || sink === undefined) expect.unreachable('README.md has two connectors');
  const prefix = uniqueName('shop');
  const [text, number] = [quoted(draw.column()), quoted(draw.column())];
  await db.query(
    `CREATE TABLE orders (id int PRIMARY KEY, item text, ${text} text DEFAULT 'the default', ${number} numeric(6,2) DEFAULT 1.5)`,
  );
  await db.query(`INSERT INTO orders VALUES (1, 'lamp', NULL, NULL), (2, 'chair', DEFAULT, DEFAULT)`);
  // With the settings of a worker without a properties file.
  const defaults = {
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  };
  const { host, port, user, password } = db.connection;
  await worker.create(draw.connectorName(), { ...defaults, ...source.config, ...debeziumSource(db, prefix) });
  await worker.create(draw.sinkName(), {
    ...defaults,
    ...sink.config,
    'connection.url': `jdbc:postgresql://${host}:${port}/${db.name}`,
    'connection.user': user,
    'connection.password': password || 'unused',
    topics: `${prefix}.public.orders`,
  });
  const copied = (count: number) =>
    eventually('the rows are copied', async () => (await db.query('SELECT FROM orders_copy')).length === count);
  await copied(2);
  await db.query(`INSERT INTO orders VALUES (3, 'table', NULL, NULL)`);
  await db.query(`UPDATE orders SET item = 'sofa' WHERE id = 1`);
  await copied(3);
  await eventually(
    'the change is copied',
    async () => (await db.query("SELECT FROM orders_copy WHERE item = 'sofa'")).length === 1,
  );
  const rows = (table: string) => db.query(`SELECT * FROM ${table} ORDER BY id`);
  expect(await rows('orders_copy')).toEqual(await rows('orders'));
});

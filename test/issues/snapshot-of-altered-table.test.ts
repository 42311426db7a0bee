import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres } from '../../src/stack/index.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { quoted, tablePattern, topicOf } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';
import { debeziumSource } from '../support/table-connectors.ts';
import { uniqueName } from '../support/topic.ts';
import { topicRecords, topicSize } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/* Tables that are altered in the midst of their snapshot: while a task reads them, and while none does. */
const draw = generator(import.meta.url);
let worker: TestWorker;
/** A server of this file, because a new slot waits for every transaction of a server. */
let server: Awaited<ReturnType<typeof startPostgres>>;
let database: TestDatabase;
beforeAll(async () => {
  [worker, server] = await Promise.all([TestWorker.start('altered-table'), startPostgres()]);
  database = await createDatabase('altered', server);
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await database?.drop();
  await server?.stop();
});

/** Several chunks of 4 MB. */
const ROWS = 50_000;
const PAD = 'repeat(md5(i::text), 15)';

interface Offsets {
  readonly offsets: readonly { readonly offset: Record<string, unknown> }[];
}

// biome-ignore lint/suspicious/noExplicitAny: a record's JSON, which tests look into
type Json = any;

/** A table of random names, with columns `a` and `b`, and its connector. */
class Altered {
  readonly connector = draw.connectorName();
  readonly slot = uniqueName('altered');
  readonly schema = draw.schema();
  readonly table = draw.table();
  readonly a = draw.column();
  readonly b = draw.column();
  readonly name = `${quoted(this.schema)}.${quoted(this.table)}`;

  /** columns: SQL with `a` and `b` for the columns; rows: a SELECT of them over `i`. */
  async create(columns: (a: string, b: string) => string, rows: string): Promise<void> {
    await database.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(this.schema)}`);
    await database.query(`CREATE TABLE ${this.name} (${columns(quoted(this.a), quoted(this.b))})`);
    await database.query(`INSERT INTO ${this.name} SELECT ${rows} FROM generate_series(1, ${ROWS}) i`);
    await database.query(`ANALYZE ${this.name}`);
  }

  config(more: Record<string, string> = {}): Record<string, string> {
    return {
      ...debeziumSource(database, this.slot),
      'table.include.list': tablePattern(this.schema, this.table),
      'snapshot.lock.timeout.ms': '60000',
      'key.converter': 'JsonConverter',
      'value.converter': 'JsonConverter',
      'key.converter.schemas.enable': 'false',
      'value.converter.schemas.enable': 'false',
      ...more,
    };
  }

  /** Starts the snapshot and holds it during its run: the session has locked the table in a transaction. */
  async interrupt(more: Record<string, string> = {}): Promise<pg.Client> {
    const client = await database.client();
    await worker.create(this.connector, this.config(more));
    await eventually('rows are in the topic', async () => (await topicSize(this.topic)) > 0, { every: 10 });
    await client.query(`BEGIN; LOCK TABLE ${this.name} IN ACCESS EXCLUSIVE MODE`);
    expect(await topicSize(this.topic)).toBeLessThan(ROWS);
    return client;
  }

  get topic(): string {
    return topicOf(this.slot, this.schema, this.table);
  }

  async records(): Promise<{ readonly key: Json; readonly value: Json }[]> {
    const records = await topicRecords(this.topic);
    return records.map(({ key, value }) => ({ key: JSON.parse(key ?? 'null'), value: JSON.parse(value ?? 'null') }));
  }

  get #path(): string {
    return `/connectors/${encodeURIComponent(this.connector)}`;
  }

  async pause(): Promise<void> {
    await worker.call('PUT', `${this.#path}/pause`);
    await worker.awaitState(this.connector, 'PAUSED');
  }

  async resume(): Promise<void> {
    await worker.call('PUT', `${this.#path}/resume`);
  }

  /** Waits for the end of the snapshot and a later change; returns the rows by their text in a column. */
  async streamed(insert: string, column: string): Promise<Map<string, Json>> {
    await eventually(
      'the snapshot is complete',
      async () => {
        const { offsets } = await worker.call<Offsets>('GET', `${this.#path}/offsets`);
        return offsets.some(
          ({ offset }) => offset['snapshot_completed'] === true || offset['messageType'] === 'COMMIT',
        );
      },
      { within: 60_000 },
    );
    const size = await topicSize(this.topic);
    await database.query(`INSERT INTO ${this.name} ${insert}`);
    await eventually('the change is in the topic', async () => (await topicSize(this.topic)) > size);
    const records = await this.records();
    expect(records.at(-1)?.value).toMatchObject({ op: 'c' });
    const rows = new Map<string, Json>();
    for (const { value } of records)
      if (value?.after?.[column] !== undefined) rows.set(String(value.after[column]), value);
    return rows;
  }

  delete = () => worker.call('DELETE', this.#path);
}

const ids = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => String(i + from));
const sorted = (keys: Iterable<string>): string[] => [...keys].sort((a, b) => Number(a) - Number(b));

test('no row is missing after the primary key changes while the snapshot is paused', async () => {
  const t = new Altered();
  await t.create((a, b) => `${a} int PRIMARY KEY, ${b} int NOT NULL UNIQUE, pad text`, `i, ${ROWS + 1} - i, ${PAD}`);
  const [constraint] = await database.query<{ name: string }>(
    `SELECT conname AS name FROM pg_constraint WHERE conrelid = '${t.name.replaceAll("'", "''")}'::regclass AND contype = 'p'`,
  );
  const client = await t.interrupt();
  await t.pause();
  await client.query(
    `ALTER TABLE ${t.name} DROP CONSTRAINT ${quoted(String(constraint?.name))}, ADD PRIMARY KEY (${quoted(t.b)}); COMMIT`,
  );
  await t.resume();
  const rows = await t.streamed(`VALUES (${ROWS + 1}, 0)`, t.a);
  expect(sorted(rows.keys())).toEqual(ids(1, ROWS + 1));
  expect(await worker.log()).toMatch(/the snapshot of a table begins again/);
  await t.delete();
});

test.each(['1', '3'])(
  'every row has the new key name after a rename under %s reader(s), in a few sessions',
  async threads => {
    const t = new Altered();
    await t.create((a, b) => `${a} int PRIMARY KEY, ${b} int, pad text`, `i, i, ${PAD}`);
    const client = await t.interrupt({ 'snapshot.max.threads': threads });
    const sessions = async () => {
      const [row] = await database.query<{ sessions: string }>(
        'SELECT sessions FROM pg_stat_database WHERE datname = current_database()',
      );
      return Number(row?.sessions);
    };
    const before = await sessions();
    const renamed = draw.column();
    await client.query(`ALTER TABLE ${t.name} RENAME ${quoted(t.a)} TO ${quoted(renamed)}; COMMIT`);
    const rows = await t.streamed(`VALUES (${ROWS + 1}, 0)`, renamed);
    expect(sorted(rows.keys())).toEqual(ids(1, ROWS + 1));
    expect((await sessions()) - before).toBeLessThan(30);
    await t.delete();
  },
);

test('a table that is dropped and created again while the snapshot is paused is read again', async () => {
  const t = new Altered();
  await t.create((a, b) => `${a} int PRIMARY KEY, ${b} int, pad text`, `i, 1, ${PAD}`);
  const client = await t.interrupt();
  await t.pause();
  await client.query(
    `DROP TABLE ${t.name}; CREATE TABLE ${t.name} (${quoted(t.a)} int PRIMARY KEY, ${quoted(t.b)} int, pad text);
     INSERT INTO ${t.name} SELECT i, 2, 'x' FROM generate_series(1, 1000) i; COMMIT`,
  );
  await t.resume();
  const rows = await t.streamed('VALUES (1001, 2)', t.a);
  const present = [...rows].filter(([, value]) => value.after[t.b] === 2).map(([id]) => id);
  expect(sorted(present)).toEqual(ids(1, 1001));
  await t.delete();
});

test('a partition that is attached with rows during the snapshot is read', async () => {
  const t = new Altered();
  await database.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(t.schema)}`);
  await database.query(
    `CREATE TABLE ${t.name} (${quoted(t.a)} int PRIMARY KEY, pad text) PARTITION BY RANGE (${quoted(t.a)});
     CREATE TABLE low PARTITION OF ${t.name} FOR VALUES FROM (1) TO (101);
     CREATE TABLE high PARTITION OF ${t.name} FOR VALUES FROM (201) TO (10000000);
     CREATE TABLE middle (LIKE ${t.name} INCLUDING ALL);
     INSERT INTO middle SELECT i, 'x' FROM generate_series(101, 200) i;
     INSERT INTO ${t.name} SELECT i, ${PAD} FROM generate_series(1, ${ROWS}) i WHERE i NOT BETWEEN 101 AND 200;
     ANALYZE`,
  );
  const client = await t.interrupt({ 'publish.via.partition.root': 'true' });
  await client.query(`ALTER TABLE ${t.name} ATTACH PARTITION middle FOR VALUES FROM (101) TO (201); COMMIT`);
  const rows = await t.streamed(`VALUES (${ROWS + 1})`, t.a);
  expect(sorted(rows.keys())).toEqual(ids(1, ROWS + 1));
  await t.delete();
});

test('rows that are deleted and inserted again ahead of the snapshot arrive with any replica identity', async () => {
  const t = new Altered();
  await t.create((a, b) => `${a} int PRIMARY KEY, ${b} text NOT NULL, pad text`, `i, to_char(i, 'FM000000'), ${PAD}`);
  await database.query(`CREATE UNIQUE INDEX other_identity ON ${t.name} (${quoted(t.b)})`);
  await database.query(`ALTER TABLE ${t.name} REPLICA IDENTITY USING INDEX other_identity`);
  const client = await t.interrupt();
  await client.query(
    `DELETE FROM ${t.name} WHERE ${quoted(t.a)} > ${ROWS - 300};
     INSERT INTO ${t.name} SELECT i, to_char(i, 'FM000000'), 'again' FROM generate_series(${ROWS - 299}, ${ROWS}) i; COMMIT`,
  );
  await t.streamed(`VALUES (${ROWS + 1}, '${ROWS + 1}')`, t.a);
  const last = new Map((await t.records()).map(({ key, value }) => [JSON.stringify(key), value]));
  const deleted = [...last].filter(([, value]) => value?.after === undefined || value.after === null);
  expect(deleted).toEqual([]);
  expect(last.size).toBe(ROWS + 1);
  await t.delete();
});

test('a statement that the database rejects fails the task quickly', async () => {
  const t = new Altered();
  await t.create((a, b) => `${a} int PRIMARY KEY, ${b} int, pad text`, `i, i, 'x'`);
  const id = `${t.schema}.${t.table}`;
  // A list of names cannot contain names with a comma or surrounding blanks.
  if (/,|^\s|\s$/.test(id)) return;
  await worker.create(
    t.connector,
    t.config({
      'snapshot.select.statement.overrides': id,
      [`snapshot.select.statement.overrides.${id}`]: `SELECT * FROM ${t.name} WHERE no_such_column > 1`,
    }),
  );
  const { trace } = await worker.awaitState(t.connector, 'FAILED', 60_000);
  expect(trace).toMatch(/SOURCE_SETUP.*no_such_column.*snapshot\.select\.statement\.overrides/s);
  await t.delete();
});

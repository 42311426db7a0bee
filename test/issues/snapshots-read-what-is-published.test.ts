import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { quoted, tablePattern, topicOf } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';
import { Committed, keyOf, payloadOf } from '../support/source-task.ts';

/** A publication may contain some columns and rows of a table: a snapshot reads the data that the stream would send. */
const draw = generator(import.meta.url);
const ROWS = 400;
let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('published');
});
afterAll(() => db?.drop());

/** A table of random names with columns `k`, `a` and `hidden`. */
class Published {
  readonly schema = draw.schema();
  readonly table = draw.table();
  readonly k = draw.column();
  readonly a = draw.column();
  readonly hidden = draw.column();
  readonly publication = draw.table();
  readonly prefix = `${db.name.slice(0, 40)}_${Math.random().toString(36).slice(2, 8)}`;
  readonly name = `${quoted(this.schema)}.${quoted(this.table)}`;

  /** suffix: of CREATE TABLE. */
  async create(key = `PRIMARY KEY (${quoted(this.k)})`, suffix = ''): Promise<void> {
    const [k, a, hidden] = [this.k, this.a, this.hidden].map(quoted);
    await db.query(`CREATE SCHEMA ${quoted(this.schema)}`);
    await db.query(`CREATE TABLE ${this.name} (${k} int NOT NULL, ${hidden} text, ${a} text, ${key}) ${suffix}`);
  }

  insert = (from: number, to: number, name = this.name) =>
    db.query(`INSERT INTO ${name} SELECT i, 'secret', repeat('a', 50) FROM generate_series(${from}, ${to}) i`);

  /** objects: of CREATE PUBLICATION. */
  publish = (objects: string) => db.query(`CREATE PUBLICATION ${quoted(this.publication)} ${objects}`);

  async task(committed: Committed, more: Record<string, string> = {}) {
    const props = propsOf(db, {
      'topic.prefix': this.prefix,
      'slot.name': this.prefix,
      'publication.name': this.publication,
      'publication.autocreate.mode': 'disabled',
      'table.include.list': `${tablePattern(this.schema, '')}[\\s\\S]*`,
      ...more,
    });
    return openTask(props, committed, { maxBatchBytes: 2048 });
  }

  completed = (committed: Committed) => committed.get({ server: this.prefix })?.['snapshot_completed'] === true;

  /** Rows in the snapshot. */
  read = (committed: Committed) =>
    committed.records
      .filter(({ topic }) => topic.startsWith(this.prefix))
      .filter(record => payloadOf(record)?.op === 'r');
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const ascending = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);

test.each([
  ['by its key', (t: Published) => `PRIMARY KEY (${quoted(t.k)})`, ''],
  ['by ctid', (t: Published) => `CHECK (${quoted(t.k)} > 0)`, 'FULL'],
])('a column list and a row filter apply: %s, stopped and continued', async (_name, key, identity) => {
  const t = new Published();
  await t.create(key(t));
  // A column list requires a replica identity other than FULL.
  if (identity !== '') await db.query(`ALTER TABLE ${t.name} REPLICA IDENTITY ${identity}`);
  await t.insert(1, ROWS);
  await db.query(`CREATE TABLE ${quoted(t.schema)}.${quoted(draw.table())} (id int PRIMARY KEY)`);
  const list = identity === '' ? `(${quoted(t.k)}, ${quoted(t.a)})` : '';
  await t.publish(`FOR TABLE ${t.name} ${list} WHERE (${quoted(t.k)} % 10 <> 3 AND ${quoted(t.k)} > 10)`);
  const committed = new Committed();
  let stops = 0;
  while (!t.completed(committed)) {
    await using task = await t.task(committed, { 'snapshot.max.threads': stops % 2 === 0 ? '1' : '2' });
    for (let steps = 3; steps > 0 && !t.completed(committed); steps--) await task.step();
    await task.task.read();
    stops++;
  }
  expect(stops).toBeGreaterThan(1);
  const read = t.read(committed).map(record => payloadOf(record).after);
  const published = range(11, ROWS).filter(n => n % 10 !== 3);
  expect(ascending(read.map(row => row[t.k]))).toEqual(published);
  await using task = await t.task(committed);
  await t.insert(ROWS + 1, ROWS + 1);
  await task.records(published.length + 1);
  const [first, last] = [committed.records[0], committed.records.at(-1)] as const;
  if (first === undefined || last === undefined) expect.unreachable();
  expect(payloadOf(last)).toMatchObject({ op: 'c', after: { [t.k]: ROWS + 1 } });
  expect(payloadOf(first, true).schema).toEqual(payloadOf(last, true).schema);
  expect(new Set(Object.keys(payloadOf(last).after))).toEqual(
    new Set(identity === '' ? [t.k, t.a] : [t.k, t.hidden, t.a]),
  );
});

test.each(['while it is read', 'while no task runs'])(
  'a table whose publication is altered %s is read again',
  async when => {
    const t = new Published();
    await t.create();
    await t.insert(1, ROWS);
    await t.publish(`FOR TABLE ${t.name} (${quoted(t.k)}, ${quoted(t.a)}) WHERE (${quoted(t.k)} > 100)`);
    const committed = new Committed();
    const first = await t.task(committed);
    await first.until(() => committed.records.length > 0);
    expect(t.completed(committed)).toBe(false);
    if (when === 'while no task runs') await first.close();
    await db.query(
      `ALTER PUBLICATION ${quoted(t.publication)} SET TABLE ${t.name} (${quoted(t.k)}, ${quoted(t.hidden)}) WHERE (${quoted(t.k)} > 50)`,
    );
    const task = when === 'while no task runs' ? await t.task(committed) : first;
    await task.until(() => t.completed(committed));
    await task.close();
    expect(task.warnings.map(({ fields }) => fields['reason'])).toContain(
      'its column list or row filter in the publication was altered',
    );
    const rows = new Map(t.read(committed).map(record => [keyOf(record)[t.k] as number, payloadOf(record).after]));
    expect(ascending(rows.keys())).toEqual(range(51, ROWS));
    expect([...rows.values()].map(row => row[t.hidden])).toEqual([...rows].map(() => 'secret'));
  },
);

test('a table removed from the publication during the snapshot leaks no hidden data', async () => {
  const t = new Published();
  await t.create();
  await t.insert(1, ROWS);
  await t.publish(`FOR TABLE ${t.name} (${quoted(t.k)}, ${quoted(t.a)})`);
  const committed = new Committed();
  await using task = await t.task(committed);
  await task.until(() => committed.records.length > 0);
  await db.query(`ALTER PUBLICATION ${quoted(t.publication)} DROP TABLE ${t.name}`);
  await expect(task.until(() => t.completed(committed))).rejects.toThrow(
    /was taken out of the publication.*ALTER PUBLICATION .* ADD TABLE/s,
  );
  await task.close();
  await expect(t.task(committed)).rejects.toThrow(/was taken out of the publication/);
  expect(t.read(committed).filter(record => Object.hasOwn(payloadOf(record).after, t.hidden))).toEqual([]);
});

test('partitions are read by root or individually, as published', async () => {
  const t = new Published();
  await t.create(undefined, `PARTITION BY RANGE (${quoted(t.k)})`);
  const [low, high] = [draw.table(), draw.table()].map(name => ({ name, sql: `${quoted(t.schema)}.${quoted(name)}` }));
  if (low === undefined || high === undefined) expect.unreachable();
  await db.query(`CREATE TABLE ${low.sql} PARTITION OF ${t.name} FOR VALUES FROM (0) TO (100)`);
  await db.query(`CREATE TABLE ${high.sql} PARTITION OF ${t.name} FOR VALUES FROM (100) TO (1000)`);
  await t.insert(1, 200);
  const filter = (n: number) => `WHERE (${quoted(t.k)} > ${n})`;
  await t.publish(`FOR TABLE ${t.name} (${quoted(t.k)}) ${filter(50)} WITH (publish_via_partition_root = true)`);
  // publish.via.partition.root is false, but the publication is created.
  const root = new Committed();
  {
    await using task = await t.task(root);
    await task.until(() => t.completed(root));
    await t.insert(201, 201);
    await task.until(() => payloadOf(root.records.at(-1) as never)?.op === 'c');
  }
  expect(new Set(root.records.map(({ topic }) => topic))).toEqual(new Set([topicOf(t.prefix, t.schema, t.table)]));
  expect(root.records.map(record => payloadOf(record).after)).toEqual(range(51, 201).map(n => ({ [t.k]: n })));

  await db.query(`DROP PUBLICATION ${quoted(t.publication)}`);
  await t.publish(`FOR TABLE ${t.name}, ${low.sql} (${quoted(t.k)}) ${filter(90)}`);
  const leaves = new Committed();
  await db.query('SELECT pg_drop_replication_slot($1)', [t.prefix]);
  await using task = await t.task(leaves, { 'publish.via.partition.root': 'true' });
  await task.until(() => t.completed(leaves));
  const topics = Map.groupBy(leaves.records, ({ topic }) => topic);
  const rows = (name: string) => topics.get(topicOf(t.prefix, t.schema, name))?.map(record => payloadOf(record).after);
  expect(rows(low.name)).toEqual(range(91, 99).map(n => ({ [t.k]: n })));
  expect(rows(high.name)?.map(row => row[t.k])).toEqual(range(100, 201));
  expect(rows(high.name)?.[0]).toHaveProperty([t.hidden], 'secret');
});

test('a table of a published schema is read completely', async () => {
  const t = new Published();
  await t.create();
  await t.insert(1, 20);
  await t.publish(`FOR TABLES IN SCHEMA ${quoted(t.schema)}, TABLE ${t.name} WHERE (${quoted(t.k)} > 10)`);
  const committed = new Committed();
  await using task = await t.task(committed);
  await task.until(() => t.completed(committed));
  expect(committed.records.map(record => payloadOf(record).after[t.k])).toEqual(range(1, 20));
  expect(payloadOf(committed.records[0] as never).after).toHaveProperty([t.hidden], 'secret');
});

test('a key that is not fully in the column list is not used', async () => {
  const t = new Published();
  await t.create(`PRIMARY KEY (${quoted(t.k)}, ${quoted(t.a)})`);
  await t.insert(1, 20);
  await t.publish(`FOR TABLE ${t.name} (${quoted(t.a)}) WITH (publish = 'insert')`);
  const committed = new Committed();
  await using task = await t.task(committed);
  await task.until(() => t.completed(committed));
  await t.insert(21, 21);
  await task.records(21);
  expect(committed.records.map(({ key }) => key)).toEqual(range(1, 21).map(() => null));
  expect(committed.records.map(record => Object.keys(payloadOf(record).after))).toEqual(range(1, 21).map(() => [t.a]));
});

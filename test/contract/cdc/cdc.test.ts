import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generator } from '../../support/generate/index.ts';
import { type Seeded, seeded } from '../../support/seed.ts';
import { Committed, keyOf, openSource, payloadOf } from '../../support/source-task.ts';
import { postgresql } from './postgresql.ts';
import type { CdcDatabase, CdcSubject, Props } from './subject.ts';

/** The contract of sources of change data capture: every one of them passes it. */
const subjects: readonly CdcSubject[] = [postgresql];

const draw = generator(import.meta.url);
const ROWS = 600;
const noData = { 'snapshot.mode': 'no_data' };

/** A table with a unique, growing version in each row, so that the order of its records can be checked. */
async function createTable(db: CdcDatabase, rows = 0): Promise<string> {
  const name = draw.table();
  await db.run(
    `CREATE TABLE ${db.quoted(name)} (id int PRIMARY KEY, version int NOT NULL, note varchar(200))`,
    ...(rows === 0 ? [] : [`INSERT INTO ${db.quoted(name)} VALUES ${values(1, rows)}`]),
  );
  return name;
}

const values = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `(${from + i}, ${from + i}, 'note ${from + i}')`).join(', ');

/** Changes random rows, with growing versions, until it is stopped. */
function startWriter(db: CdcDatabase, table: string, random: Seeded) {
  const name = db.quoted(table);
  let version = 1_000_000;
  let isStopped = false;
  const statement = (): string => {
    const id = random.between(1, ROWS + 100);
    switch (random.between(0, 4)) {
      case 0:
        return `DELETE FROM ${name} WHERE id = ${id}`;
      case 1:
        return `INSERT INTO ${name} SELECT ${id}, ${++version}, 'new' WHERE NOT EXISTS (SELECT 1 FROM ${name} WHERE id = ${id})`;
      default:
        return `UPDATE ${name} SET version = ${++version} WHERE id = ${id}`;
    }
  };
  const running = (async () => {
    while (!isStopped) {
      await db.transaction(...Array.from({ length: random.between(1, 6) }, statement));
      await delay(1);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await running;
    },
  };
}

/** Rows that the records leave, by id; fails where a record is older than the one before it of its key. */
function replay(committed: Committed, topic: string): Map<number, unknown> {
  const rows = new Map<number, { readonly version: number }>();
  const highest = new Map<number, number>();
  for (const record of committed.records) {
    if (record.topic !== topic || record.value === null) continue;
    const { id } = keyOf(record);
    const { op, after } = payloadOf(record);
    if (op === 'd') {
      rows.delete(id);
      continue;
    }
    expect(after.version, `record of key ${id}`).toBeGreaterThan(highest.get(id) ?? 0);
    highest.set(id, after.version);
    rows.set(id, after);
  }
  return rows;
}

describe.each(subjects)('$name', ({ connector, createDatabase }) => {
  const open = (db: CdcDatabase, committed: Committed, more: Props = {}, maxBatchBytes = 2 << 20) =>
    openSource(connector, db.props(more), committed, { maxBatchBytes });

  test.each(['without interruption', 'interrupted again and again'])(
    'a snapshot %s and the stream after it have no gap and no overlap',
    { timeout: 120_000 },
    async mode => {
      await using db = await createDatabase();
      const table = await createTable(db, ROWS);
      const committed = new Committed();
      const random = seeded(draw.value(fc.nat()));
      const writer = startWriter(db, table, random);
      const isInterrupted = mode !== 'without interruption';
      for (let round = 0; isInterrupted && round < 6; round++) {
        await using task = await open(db, committed, {}, 4096);
        for (let left = random.between(1, 8); left > 0; left--) await task.step();
        // A batch that was read but not committed is lost with its task.
        await task.task.read();
      }
      await using task = await open(db, committed, {}, isInterrupted ? 4096 : 2 << 20);
      await task.until(
        () => committed.records.filter(({ topic }) => topic === db.topicOf(table)).length > ROWS,
        60_000,
      );
      await writer.stop();
      await db.run(`INSERT INTO ${db.quoted(table)} VALUES (${ROWS + 1000}, 9999999, 'last')`);
      const isLast = () => committed.records.some(record => record.value !== null && keyOf(record).id === ROWS + 1000);
      await task.until(isLast, 60_000);
      const expected = await db.rows(`SELECT id, version, note FROM ${db.quoted(table)}`);
      const rows = replay(committed, db.topicOf(table));
      expect([...rows.values()].sort(byId)).toEqual([...expected].sort(byId));
    },
  );

  test('inserts, updates and deletes have operations, keys, values and tombstones', async () => {
    await using db = await createDatabase();
    const table = await createTable(db);
    const committed = new Committed();
    await using task = await open(db, committed, noData);
    await task.step();
    const name = db.quoted(table);
    await db.run(
      `INSERT INTO ${name} VALUES (1, 1, NULL)`,
      `UPDATE ${name} SET version = 2 WHERE id = 1`,
      `DELETE FROM ${name} WHERE id = 1`,
    );
    await task.records(4);
    expect(committed.records.map(({ topic }) => topic)).toEqual(Array(4).fill(db.topicOf(table)));
    expect(committed.records.map(record => keyOf(record))).toEqual(Array(4).fill({ id: 1 }));
    const payloads = committed.records.map(record => payloadOf(record));
    expect(payloads.map(payload => payload && [payload.op, payload.after])).toEqual([
      ['c', { id: 1, version: 1, note: null }],
      ['u', { id: 1, version: 2, note: null }],
      ['d', null],
      null,
    ]);
    for (const payload of payloads.slice(0, 3)) expect(payload.source.table).toBe(table);
  });

  test('a change of a key is a deletion, a tombstone and a creation', async () => {
    await using db = await createDatabase();
    const table = await createTable(db);
    const committed = new Committed();
    await using task = await open(db, committed, noData);
    await task.step();
    await db.run(
      `INSERT INTO ${db.quoted(table)} VALUES (1, 1, 'a')`,
      `UPDATE ${db.quoted(table)} SET id = 2, version = 2 WHERE id = 1`,
    );
    await task.records(4);
    const kinds = committed.records.map(record => [keyOf(record).id, payloadOf(record)?.op ?? null]);
    expect(kinds).toEqual([
      [1, 'c'],
      [1, 'd'],
      [1, null],
      [2, 'c'],
    ]);
    const headers = committed.records.map(record => record.headers.map(({ key }) => key));
    expect(headers).toEqual([[], ['__debezium.newkey'], ['__debezium.newkey'], ['__debezium.oldkey']]);
  });

  test('changes of a transaction arrive together and in order, those that are rolled back never', async () => {
    await using db = await createDatabase();
    const [first, second] = [await createTable(db), await createTable(db)];
    const committed = new Committed();
    await using task = await open(db, committed, noData);
    await task.step();
    await db.rollback(`INSERT INTO ${db.quoted(first)} VALUES (9, 9, 'never')`);
    await db.transaction(
      `INSERT INTO ${db.quoted(first)} VALUES (1, 1, 'a')`,
      `INSERT INTO ${db.quoted(second)} VALUES (2, 2, 'b')`,
      `INSERT INTO ${db.quoted(first)} VALUES (3, 3, 'c')`,
    );
    await task.records(3);
    expect(committed.records.map(record => [record.topic, keyOf(record).id])).toEqual([
      [db.topicOf(first), 1],
      [db.topicOf(second), 2],
      [db.topicOf(first), 3],
    ]);
    expect(committed.batches.filter(({ records }) => records.length > 0)).toHaveLength(1);
  });

  test('include and exclude lists select tables and columns, in the snapshot and in the stream', async () => {
    await using db = await createDatabase();
    const [captured, other] = [await createTable(db, 2), await createTable(db, 2)];
    const committed = new Committed();
    await using task = await open(db, committed, {
      'table.include.list': db.pattern(captured),
      'column.exclude.list': db.pattern(captured, 'note'),
    });
    await task.records(2);
    await db.run(
      `INSERT INTO ${db.quoted(other)} VALUES (3, 3, 'c')`,
      `INSERT INTO ${db.quoted(captured)} VALUES (3, 3, 'c')`,
    );
    await task.records(3);
    expect(new Set(committed.records.map(({ topic }) => topic))).toEqual(new Set([db.topicOf(captured)]));
    expect(committed.records.map(record => payloadOf(record).after)).toEqual(
      [1, 2, 3].map(id => ({ id, version: id })),
    );
  });

  test('heartbeats are written while nothing changes', async () => {
    await using db = await createDatabase();
    await createTable(db);
    const committed = new Committed();
    await using task = await open(db, committed, { ...noData, 'heartbeat.interval.ms': '100' });
    await task.records(3);
    expect(new Set(committed.records.map(({ topic }) => topic))).toEqual(new Set([db.heartbeatTopic]));
  });

  test('a task resumes after the committed records, whatever was read beyond them', async () => {
    await using db = await createDatabase();
    const table = await createTable(db);
    const committed = new Committed();
    const insert = (id: number) => db.run(`INSERT INTO ${db.quoted(table)} VALUES (${id}, ${id}, 'n')`);
    {
      await using task = await open(db, committed, noData);
      await task.step();
      await insert(1);
      await task.records(1);
      await insert(2);
      for (let batch = null; batch === null; ) batch = await task.task.read();
    }
    await insert(3);
    await using task = await open(db, committed, noData);
    await task.records(3);
    expect(committed.records.map(record => keyOf(record).id)).toEqual([1, 2, 3]);
  });

  test('a position whose log is lost is an error, and when_needed reads the tables again', async () => {
    await using db = await createDatabase();
    const table = await createTable(db, 2);
    const committed = new Committed();
    {
      await using task = await open(db, committed);
      await task.records(2);
      await db.run(`INSERT INTO ${db.quoted(table)} VALUES (3, 3, 'c')`);
      await task.records(3);
    }
    await db.run(`INSERT INTO ${db.quoted(table)} VALUES (4, 4, 'd')`);
    await db.loseHistory();
    await expect(open(db, committed)).rejects.toMatchObject({ code: 'SOURCE_POSITION_LOST' });
    await using task = await open(db, committed, { 'snapshot.mode': 'when_needed' });
    await task.records(7);
    expect(committed.records.slice(3).map(record => [payloadOf(record).op, keyOf(record).id])).toEqual(
      [1, 2, 3, 4].map(id => ['r', id]),
    );
  });

  test('a position of another database is an error', async () => {
    await using db = await createDatabase();
    await using other = await createDatabase();
    await createTable(db, 1);
    await createTable(other, 1);
    const committed = new Committed();
    {
      await using task = await open(db, committed);
      await task.records(1);
      await task.step();
    }
    const elsewhere = openSource(
      connector,
      { ...other.props(), 'topic.prefix': db.props()['topic.prefix'] ?? '' },
      committed,
    );
    await expect(elsewhere).rejects.toMatchObject({ code: 'SOURCE_POSITION_LOST' });
  });
});

const byId = (a: unknown, b: unknown): number => (a as { id: number }).id - (b as { id: number }).id;

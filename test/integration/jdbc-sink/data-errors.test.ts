import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SinkRecord, schemaOf, structOf } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { recordsOf, rejection, TestSink } from './sink.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('jdbc_sink_errors');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('DROP TABLE IF EXISTS items, orders, millrace_offsets CASCADE');
});

const key = structOf({ id: schemaOf('int32') });
const { row, tombstone } = recordsOf(
  key,
  structOf({ email: schemaOf('string', { optional: true }), n: schemaOf('int32', { optional: true }) }),
);
const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'delete.enabled': 'true' };
const count = async () => (await db.query<{ n: number }>('SELECT count(*)::int AS n FROM orders'))[0]?.n;

/** Writes like the engine with errors.tolerance=all: skips rejected records, one at a time. */
async function tolerant(sink: TestSink, records: readonly SinkRecord[]): Promise<number[]> {
  const left = records.map((each, place) => ({ each, place }));
  const refused: number[] = [];
  for (;;) {
    try {
      await sink.write(left.map(({ each }) => each));
      return refused;
    } catch (error) {
      if (!(error instanceof DataError) || error.index === undefined) throw error;
      refused.push(...left.splice(error.index, 1).map(({ place }) => place));
    }
  }
}

describe('a record that the table rejects', () => {
  it.each([0, 1, 777, 1998, 1999])('is found among 2000, here at %i, and the position does not advance', async bad => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, email text, n int CHECK (n < 10))');
    await using sink = await TestSink.open(db, upsert);
    const records = Array.from({ length: 2000 }, (_, id) => row({ id, email: 'x', n: id === bad ? 10 : 1 }));
    const error = await rejection(sink.write(records));
    expect(error).toMatchObject({
      code: 'RECORD_INVALID',
      index: bad,
      message: expect.stringMatching(/check constraint.*SQLSTATE 23514.*offset=/),
    });
    expect(await count()).toBe(0);
    expect(await db.query('SELECT next_offset FROM millrace_offsets')).toEqual([{ next_offset: null }]);
    await sink.write(records.toSpliced(bad, 1));
    expect(await count()).toBe(1999);
  });

  it('is found one by one, and the others are written', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, email varchar(3) UNIQUE, n int NOT NULL)');
    await using sink = await TestSink.open(db, upsert);
    const refused = await tolerant(sink, [
      row({ id: 1, email: 'a', n: 1 }),
      row({ id: 2, email: 'long', n: 1 }),
      row({ id: 3, email: 'b', n: null }),
      row({ id: 4, email: 'a', n: 1 }),
      row({ id: 5, email: 'nul\0', n: 1 }),
      row({ id: 6, email: 'c', n: 1 }),
    ]);
    expect(refused.sort()).toEqual([1, 2, 3, 4]);
    expect(await db.query('SELECT id FROM orders ORDER BY id')).toEqual([{ id: 1 }, { id: 6 }]);
  });

  it('shows none of its values in the message', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, email uuid, n int)');
    await using sink = await TestSink.open(db, upsert);
    const error = await rejection(sink.write([row({ id: 1, email: 'secret@example.org', n: 1 })]));
    expect(error.message).toMatch(/invalid input syntax for type uuid/);
    expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toContain('secret');
  });

  it('is also found if a trigger or a deferred constraint rejects it', async () => {
    await db.query(`CREATE TABLE orders (id int PRIMARY KEY, email text, n int, UNIQUE (email) DEFERRABLE INITIALLY DEFERRED);
      CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.n = 13 THEN RAISE EXCEPTION ''unlucky''; END IF; RETURN NEW; END';
      CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse()`);
    await using sink = await TestSink.open(db, upsert);
    const refused = await tolerant(sink, [
      row({ id: 1, email: 'a', n: 1 }),
      row({ id: 2, email: 'b', n: 13 }),
      row({ id: 3, email: 'c', n: 1 }),
      row({ id: 4, email: 'a', n: 1 }),
      row({ id: 5, email: 'd', n: 1 }),
    ]);
    expect(refused.sort()).toEqual([1, 3]);
    expect(await count()).toBe(3);
  });
});

describe('changes that are valid only in order', () => {
  it('values of a unique column that move between rows within a batch are written', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, email text UNIQUE, n int)');
    await using sink = await TestSink.open(db, upsert);
    await sink.write([
      row({ id: 1, email: 'a', n: 0 }),
      row({ id: 2, email: 'b', n: 0 }),
      row({ id: 3, email: 'c', n: 0 }),
    ]);
    await sink.write([
      row({ id: 1, email: 'tmp', n: 1 }),
      row({ id: 2, email: 'a', n: 1 }),
      row({ id: 1, email: 'b', n: 2 }),
      tombstone({ id: 3 }),
      row({ id: 4, email: 'c', n: 1 }),
    ]);
    expect(await db.query('SELECT * FROM orders ORDER BY id')).toEqual([
      { id: 1, email: 'b', n: 2 },
      { id: 2, email: 'a', n: 1 },
      { id: 4, email: 'c', n: 1 },
    ]);
  });

  it('keys that only the database considers equal are written', async () => {
    await db.query('CREATE TABLE orders (id numeric PRIMARY KEY, email text, n int)');
    const texts = recordsOf(structOf({ id: schemaOf('string') }), structOf({ n: schemaOf('int32') }));
    await using sink = await TestSink.open(db, upsert);
    await sink.write([texts.row({ id: '1.0', n: 1 }), texts.row({ id: '2', n: 2 }), texts.row({ id: '1.00', n: 3 })]);
    expect(await db.query('SELECT id::int, n FROM orders ORDER BY id')).toEqual([
      { id: 1, n: 3 },
      { id: 2, n: 2 },
    ]);
  });

  it('rows and the rows that they reference, over two topics, are written', async () => {
    await db.query(
      'CREATE TABLE orders (id int PRIMARY KEY, email text, n int); CREATE TABLE items (id int PRIMARY KEY, n int REFERENCES orders)',
    );
    const item = recordsOf(key, structOf({ n: schemaOf('int32') }), 'items');
    await using sink = await TestSink.open(db, upsert, {
      assigned: [
        { topic: 'orders', partition: 0 },
        { topic: 'items', partition: 0 },
      ],
    });
    await sink.write([
      row({ id: 1, email: null, n: 1 }),
      item.row({ id: 1, n: 1 }),
      item.row({ id: 2, n: 1 }),
      item.tombstone({ id: 1 }),
      row({ id: 1, email: 'x', n: 1 }),
    ]);
    await sink.write([item.tombstone({ id: 2 }), tombstone({ id: 1 })]);
    expect(await count()).toBe(0);
    const error = await rejection(
      sink.write([row({ id: 5, email: null, n: 1 }), item.row({ id: 9, n: 7 }), row({ id: 6, email: null, n: 1 })]),
    );
    expect(error).toMatchObject({ code: 'RECORD_INVALID', index: 1 });
  });
});

describe('transient errors', () => {
  it('a deadlock is retriable', async () => {
    await db.query(
      "CREATE TABLE orders (id int PRIMARY KEY, email text, n int); INSERT INTO orders VALUES (1, 'a', 1), (2, 'b', 2)",
    );
    await using sink = await TestSink.open(db, upsert);
    const other = await db.client();
    await other.query('BEGIN; UPDATE orders SET n = 9 WHERE id = 2');
    const pendingWrite = sink.write([row({ id: 1, email: 'x', n: 1 }), row({ id: 2, email: 'y', n: 1 })]).then(
      () => 'written',
      (error: { code: string }) => error.code,
    );
    const theirs = other.query('UPDATE orders SET n = 9 WHERE id = 1').then(
      () => other.query('COMMIT').then(() => 'written'),
      () => other.query('ROLLBACK').then(() => 'deadlock'),
    );
    const outcomes = [await pendingWrite, await theirs];
    // The server chooses the victim.
    expect([
      ['SINK_UNAVAILABLE', 'written'],
      ['written', 'deadlock'],
      ['written', 'written'],
    ]).toContainEqual(outcomes);
    if (outcomes[0] === 'SINK_UNAVAILABLE') await sink.write([row({ id: 1, email: 'again', n: 1 })]);
  });

  it('a cancelled statement is retriable', async () => {
    await db.query('CREATE TABLE orders (id int PRIMARY KEY, email text, n int)');
    await using sink = await TestSink.open(db, upsert);
    await sink.write([row({ id: 0, email: null, n: 1 })]);
    const locker = await db.client();
    await locker.query('BEGIN; LOCK TABLE orders');
    const outcome = rejection(sink.write([row({ id: 1, email: null, n: 1 })]));
    for (let cancelled = false; !cancelled; ) {
      const [found] = await db.query<{ done: boolean }>(
        "SELECT pg_cancel_backend(pid) AS done FROM pg_stat_activity WHERE application_name LIKE 'millrace orders-sink/%/0' AND datname = current_database() AND wait_event_type = 'Lock'",
      );
      cancelled = found?.done === true;
    }
    expect(await outcome).toMatchObject({ code: 'SINK_UNAVAILABLE' });
    await locker.query('COMMIT');
    await sink.write([row({ id: 1, email: null, n: 1 })]);
    expect(await count()).toBe(2);
  });
});

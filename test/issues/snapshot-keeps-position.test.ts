import { describe, expect, test } from 'vitest';
import { Committed, keyOf, openTask, payloadOf, propsOf, type Running } from '../integration/postgresql/harness.ts';
import { random } from '../integration/postgresql/random.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { quoted, tablePattern, topicOf } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';

/*
 * A snapshot that is taken again does not read everything: logical messages and tables outside of
 * snapshot.include.collection.list go on where they were, though the slot was not told how far that is.
 */
const draw = generator(import.meta.url);
/** Whether a filter or a topic of one name is one of the other, too. */
const meets = (name: string, other: string): boolean =>
  new RegExp(`^(?:${tablePattern('public', name)})$`, 'i').test(`public.${other}`) ||
  topicOf('', 'public', name) === topicOf('', 'public', other);
const [snapshotTable, table] = ((): [string, string] => {
  for (;;) {
    const [one, other] = [draw.table(), draw.table()];
    if (!meets(one, other) && !meets(other, one)) return [one, other];
  }
})();

async function database(): Promise<{ readonly db: TestDatabase; readonly props: Record<string, string> }> {
  const db = await createDatabase('keeps');
  await db.query(`CREATE TABLE ${quoted(snapshotTable)} (id int PRIMARY KEY)`);
  await db.query(`INSERT INTO ${quoted(snapshotTable)} SELECT generate_series(1, 300)`);
  await db.query(`CREATE TABLE ${quoted(table)} (id int PRIMARY KEY, pad text)`);
  const props = propsOf(db, {
    'snapshot.mode': 'always',
    'table.include.list': [snapshotTable, table].map(name => tablePattern('public', name)).join(','),
    'snapshot.include.collection.list': tablePattern('public', snapshotTable),
  });
  return { db, props };
}

/** Ids of the other table and texts of messages, in their order. */
function others(db: TestDatabase, committed: Committed): string[] {
  return committed.records.flatMap(record => {
    if (record.topic === topicOf(db.name, 'public', table)) return [`row ${keyOf(record).id}`];
    const content = payloadOf(record)?.message?.content;
    return content === undefined ? [] : [Buffer.from(String(content), 'base64').toString()];
  });
}

/** Reads and commits, and never tells the source so: as a worker that is killed before it could. */
async function readWithoutTelling(
  task: Running,
  committed: Committed,
  done: () => boolean,
  steps = 1000,
): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (let i = 0; i < steps && !done(); i++) {
    if (performance.now() > deadline) throw new Error(`${committed.records.length} records after 20 s`);
    const batch = await task.task.read();
    if (batch !== null) committed.commit(batch);
  }
}

const write = async (db: TestDatabase, from: number, to: number): Promise<string[]> => {
  await db.query(`INSERT INTO ${quoted(table)} SELECT i, repeat('x', 50) FROM generate_series($1::int, $2::int) i`, [
    from,
    to,
  ]);
  await db.query(`SELECT pg_logical_emit_message(true, 'note', $1)`, [`message ${to}`]);
  return [...Array.from({ length: to - from + 1 }, (_, i) => `row ${from + i}`), `message ${to}`];
};

describe.each([1, 2])('snapshot.mode=always, stopped at any batch (seed %i)', seed => {
  test('gives each message, and each row that the snapshot does not read, once', async () => {
    const pick = random(seed);
    const { db, props } = await database();
    await using _ = db;
    const committed = new Committed();
    {
      await using task = await openTask(props, committed);
      await task.until(() => task.task.caughtUp?.() === true);
    }
    const written: string[] = [];
    for (let round = 0; round < 6; round++) {
      written.push(...(await write(db, round * 40, round * 40 + 39)));
      // Small batches cut the transaction, and the snapshot of the next round.
      await using task = await openTask(props, committed, { maxBatchBytes: 512 });
      const before = others(db, committed).length;
      const wanted = pick(45);
      await readWithoutTelling(task, committed, () => others(db, committed).length >= before + wanted, 5 + pick(60));
    }
    await using task = await openTask(props, committed);
    await task.until(() => others(db, committed).length >= written.length);
    await task.until(() => task.task.caughtUp?.() === true);
    expect(others(db, committed)).toEqual(written);
  });
});

test('no_data after a snapshot that was interrupted goes on where that would have', async () => {
  const { db, props } = await database();
  await using _ = db;
  const committed = new Committed();
  {
    await using task = await openTask(props, committed);
    await task.until(() => task.task.caughtUp?.() === true);
  }
  const written = await write(db, 1, 20);
  {
    await using task = await openTask(props, committed);
    await readWithoutTelling(task, committed, () => others(db, committed).length >= written.length);
  }
  {
    await using task = await openTask(props, committed, { maxBatchBytes: 512 });
    await readWithoutTelling(task, committed, () => false, 2);
    expect(committed.get({ server: db.name })).toMatchObject({ snapshot_completed: false });
  }
  await using task = await openTask({ ...props, 'snapshot.mode': 'no_data' }, committed);
  written.push(...(await write(db, 21, 22)));
  await task.until(() => others(db, committed).length >= written.length);
  expect(others(db, committed)).toEqual(written);
});

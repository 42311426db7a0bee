import { describe, expect, test } from 'vitest';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { random } from '../integration/postgresql/random.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { quoted, tablePattern, topicOf } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';
import { Committed, keyOf, payloadOf, type Running } from '../support/source-task.ts';

/*
 * A repeated snapshot does not cover everything: logical messages and tables outside of snapshot.include.collection.list
 * continue at their position, although the slot was not advanced.
 */
const draw = generator(import.meta.url);
/** The filter or topic matches a prefix of another name, too. */
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

/** Ids of the other table and texts of messages, in order. */
function others(db: TestDatabase, committed: Committed): string[] {
  return committed.records.flatMap(record => {
    if (record.topic === topicOf(db.name, 'public', table)) return [`row ${keyOf(record).id}`];
    const content = payloadOf(record)?.message?.content;
    return content === undefined ? [] : [Buffer.from(String(content), 'base64').toString()];
  });
}

/** Reads and commits without acknowledging to the source, like a worker that is killed in between. */
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

describe.each([1, 2])('snapshot.mode=always continues when stopped at any batch (seed %i)', seed => {
  test('each message, and each row outside of the snapshot, is read once', async () => {
    const pick = random(seed);
    const { db, props } = await database();
    await using _ = db;
    const committed = new Committed();
    {
      await using task = await openTask(props, committed);
      await task.until(() => task.task.caughtUp?.() === true);
    }
    const writtenTexts: string[] = [];
    for (let round = 0; round < 6; round++) {
      writtenTexts.push(...(await write(db, round * 40, round * 40 + 39)));
      // Small batches split the transaction and the snapshot of the next round.
      await using task = await openTask(props, committed, { maxBatchBytes: 512 });
      const before = others(db, committed).length;
      const target = pick(45);
      await readWithoutTelling(task, committed, () => others(db, committed).length >= before + target, 5 + pick(60));
    }
    await using task = await openTask(props, committed);
    await task.until(() => others(db, committed).length >= writtenTexts.length);
    await task.until(() => task.task.caughtUp?.() === true);
    expect(others(db, committed)).toEqual(writtenTexts);
  });
});

test('no_data continues after an interrupted snapshot at its position', async () => {
  const { db, props } = await database();
  await using _ = db;
  const committed = new Committed();
  {
    await using task = await openTask(props, committed);
    await task.until(() => task.task.caughtUp?.() === true);
  }
  const messages = await write(db, 1, 20);
  {
    await using task = await openTask(props, committed);
    await readWithoutTelling(task, committed, () => others(db, committed).length >= messages.length);
  }
  {
    await using task = await openTask(props, committed, { maxBatchBytes: 512 });
    await readWithoutTelling(task, committed, () => false, 2);
    expect(committed.get({ server: db.name })).toMatchObject({ snapshot_completed: false });
  }
  await using task = await openTask({ ...props, 'snapshot.mode': 'no_data' }, committed);
  messages.push(...(await write(db, 21, 22)));
  await task.until(() => others(db, committed).length >= messages.length);
  expect(others(db, committed)).toEqual(messages);
});

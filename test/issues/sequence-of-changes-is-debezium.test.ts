import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SourceRecord } from '../../src/api/index.ts';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { Committed, type Parsed, payloadOf } from '../support/source-task.ts';

/**
 * `source.sequence` is [end of the last commit that was read, LSN of the change], as Debezium has it: null in its first place
 * until something is committed after the snapshot, and the same after a restart.
 */
let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('sequence');
  await db.query('CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE other (id int); INSERT INTO t VALUES (1), (2)');
});
afterAll(() => db?.drop());

const sourceOf = (record: SourceRecord | undefined): Parsed => payloadOf(record as SourceRecord).source;
const sequenceOf = (record: SourceRecord | undefined): (string | null)[] => JSON.parse(sourceOf(record).sequence);
/** Log that the connector does not read. */
const others = () => db.query('INSERT INTO other SELECT generate_series(1, 100)');

test('sequences are equal in snapshot and stream, over restarts, messages and foreign log', async () => {
  const committed = new Committed();
  const props = propsOf(db, { 'table.include.list': 'public.t' });
  const restarted = async (task: Awaited<ReturnType<typeof openTask>>) => {
    await task.close();
    return openTask(props, committed);
  };
  let task = await openTask(props, committed);
  let id = 10;
  const change = async () => {
    const count = committed.records.length;
    await db.query(`INSERT INTO t VALUES (${id++})`);
    await task.records(count + 1);
    return committed.records.at(-1);
  };
  await task.until(() => task.task.caughtUp?.() === true);
  expect(committed.records.map(record => sequenceOf(record)[0])).toEqual([null, null]);
  // Nothing was committed since the snapshot, whatever the log contains.
  await others();
  task = await restarted(task);
  await others();
  const first = await change();
  expect(sequenceOf(first)).toEqual([null, String(sourceOf(first).lsn)]);
  /** LSN of the end of the last commit. */
  const commit = () =>
    String(committed.all().find(({ partition }) => 'server' in partition)?.offset?.['last_commit_lsn']);

  let end = commit();
  await others();
  await task.until(async () => (await task.step()) === null);
  expect(sequenceOf(await change())[0]).toBe(end);

  end = commit();
  await others();
  task = await restarted(task);
  await others();
  expect(sequenceOf(await change())[0]).toBe(end);

  // A message outside of transactions counts as a commit.
  const count = committed.records.length;
  await others();
  await db.query("SELECT pg_logical_emit_message(false, 'note', 'x')");
  await task.records(count + 1);
  const message = committed.records.at(-1);
  expect(sequenceOf(message)).toEqual([String(sourceOf(message).lsn), String(sourceOf(message).lsn)]);
  await others();
  task = await restarted(task);
  await others();
  expect(sequenceOf(await change())[0]).toBe(String(sourceOf(message).lsn));

  const all = committed.records.map(sequenceOf).map(([before, lsn]) => [Number(before ?? 0), Number(lsn)] as const);
  const inOrder = [...all].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  expect(all).toEqual(inOrder);
  await task.close();
});

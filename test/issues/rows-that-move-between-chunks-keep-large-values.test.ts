import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SourceRecord } from '../../src/api/index.ts';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { quoted, tablePattern, topicOf } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';
import { Committed, keyOf, type Parsed, payloadOf } from '../support/source-task.ts';

/**
 * A row whose key moves from an unread chunk to a chunk that was read is in no chunk, and the stream does not contain a
 * large value that its update left unchanged.
 */
const draw = generator(import.meta.url);
/** Several chunks. */
const ROWS = 600;
const PLACEHOLDER = '__debezium_unavailable_value';
let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase('moved');
});
afterAll(() => db?.drop());

class Moving {
  readonly table = draw.table();
  readonly id = draw.column();
  readonly v = draw.column();
  readonly large = draw.column();
  readonly name = quoted(this.table);
  readonly committed = new Committed();
  readonly slot = `${db.name.slice(0, 50)}_${slots++}`;

  async create(key: string): Promise<void> {
    const [id, v, large] = [this.id, this.v, this.large].map(quoted);
    await db.query(`CREATE TABLE ${this.name} (${id} int NOT NULL, ${v} int NOT NULL, ${large} text NOT NULL, ${key})`);
    await db.query(`ALTER TABLE ${this.name} ALTER ${large} SET STORAGE EXTERNAL`);
    await db.query(
      `INSERT INTO ${this.name} SELECT i, 0, repeat('row ' || i, 1000) FROM generate_series(1, ${ROWS}) i; ANALYZE ${this.name}`,
    );
  }

  open = (more: Record<string, string> = {}) =>
    openTask(
      propsOf(db, {
        'slot.name': this.slot,
        'topic.prefix': this.slot,
        'publication.name': this.slot,
        'table.include.list': tablePattern('public', this.table),
        ...more,
      }),
      this.committed,
      { maxBatchBytes: 20_000 },
    );

  move = (from: number, to: number) =>
    db.query(`UPDATE ${this.name} SET ${quoted(this.id)} = ${to} WHERE ${quoted(this.id)} = ${from}`);
  set = (id: number, column: string, value: string) =>
    db.query(`UPDATE ${this.name} SET ${quoted(column)} = ${value} WHERE ${quoted(this.id)} = ${id}`);

  get completed(): boolean {
    return this.committed.get({ server: this.slot })?.['snapshot_completed'] === true;
  }

  /** Final rows of a sink: a value that was not sent stays, and moves with its row to a new key. */
  copy(): Map<string, Parsed> {
    const rows = new Map<string, Parsed>();
    const moved = new Map<string, Parsed>();
    for (const record of this.committed.records) {
      const key = JSON.stringify(keyOf(record));
      const value = payloadOf(record);
      if (value === null) continue;
      if (value.op === 'd') {
        moved.set(key, rows.get(key));
        rows.delete(key);
        continue;
      }
      const from = oldKeyOf(record) ?? key;
      const before = rows.get(key) ?? moved.get(from);
      const after = { ...value.after };
      if (after[this.large] === PLACEHOLDER) after[this.large] = before?.[this.large] ?? null;
      rows.set(key, after);
    }
    return rows;
  }

  async expectCopied(): Promise<void> {
    const rows = await db.query<{ row: Parsed }>(`SELECT to_json(t) AS row FROM ${this.name} t`);
    const text = (row: Parsed) => JSON.stringify([row[this.id], row[this.v], row[this.large]?.slice(0, 20) ?? null]);
    expect([...this.copy().values()].map(text).sort()).toEqual(rows.map(({ row }) => text(row)).sort());
  }

  /** Reads until a final change. */
  async until(task: Awaited<ReturnType<Moving['open']>>): Promise<void> {
    await db.query(`INSERT INTO ${this.name} VALUES (5000, 9, 'end')`);
    await task.until(() => this.committed.records.some(record => payloadOf(record)?.after?.[this.large] === 'end'));
  }
}
let slots = 0;

function oldKeyOf(record: SourceRecord): string | undefined {
  const header = record.headers.find(({ key }) => key === '__debezium.oldkey');
  return header === undefined
    ? undefined
    : JSON.stringify(keyOf({ ...record, keySchema: header.schema, key: header.value }));
}

test.each(['1', '3'])('large values stay with %s reader(s), over restarts', async threads => {
  const t = new Moving();
  await t.create(`PRIMARY KEY (${quoted(t.id)})`);
  let task = await t.open({ 'snapshot.max.threads': threads });
  await task.until(() => t.committed.records.length > 0);
  expect(t.completed).toBe(false);
  await t.move(600, -1);
  await t.move(590, -2);
  await t.set(-2, t.v, '7');
  await t.move(580, -3);
  await t.set(-3, t.large, `repeat('new', 2000)`);
  await t.move(570, -4);
  await db.query(`DELETE FROM ${t.name} WHERE ${quoted(t.id)} = -4`);
  // Two in one transaction, and a row that takes the key of another.
  await db.query(
    `BEGIN; UPDATE ${t.name} SET ${quoted(t.id)} = -5 WHERE ${quoted(t.id)} = 560; UPDATE ${t.name} SET ${quoted(t.id)} = -6 WHERE ${quoted(t.id)} = -5; UPDATE ${t.name} SET ${quoted(t.id)} = 560 WHERE ${quoted(t.id)} = 550; COMMIT`,
  );
  await t.move(540, -7);
  await task.until(() => t.completed);
  // After the end of the snapshot, when only the moved row has the value.
  await t.move(-7, -8);
  await db.query(`INSERT INTO ${t.name} SELECT i, 1, repeat('filler', 1000) FROM generate_series(1100, 1110) i`);
  await t.move(-8, -9);
  await task.close();
  task = await t.open({ 'snapshot.max.threads': threads });
  await task.until(() => t.committed.records.some(record => oldKeyOf(record) !== undefined));
  await task.close();
  task = await t.open();
  await t.until(task);
  await task.close();
  expect(t.committed.records.every(({ topic }) => topic === topicOf(t.slot, 'public', t.table))).toBe(true);
  await t.expectCopied();
});

test('large values stay when record keys differ from chunk keys', async () => {
  const t = new Moving();
  await t.create(`PRIMARY KEY (${quoted(t.id)})`);
  // Records are keyed by an unchanged column.
  await db.query(`ALTER TABLE ${t.name} ADD stays int; UPDATE ${t.name} SET stays = ${quoted(t.id)}`);
  const keyed = { 'message.key.columns': `${tablePattern('public', t.table)}:stays` };
  const task = await t.open(keyed);
  await task.until(() => t.committed.records.length > 0);
  await t.move(600, -1);
  await task.until(() => t.completed);
  await t.until(task);
  await task.close();
  await t.expectCopied();
});

test("large values stay in rows that begin to match the publication's row filter", async () => {
  const t = new Moving();
  await t.create(`PRIMARY KEY (${quoted(t.id)})`);
  await db.query(`CREATE PUBLICATION ${t.slot} FOR TABLE ${t.name} WHERE (${quoted(t.id)} > 0)`);
  await t.move(600, -600);
  const task = await t.open();
  await task.until(() => t.completed);
  await t.until(task);
  await t.move(-600, 600);
  await task.until(() => t.copy().size === ROWS + 1);
  await task.close();
  await t.expectCopied();
});

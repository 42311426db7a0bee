import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Committed, payloadOf } from '../../support/source-task.ts';
import { openTask, propsOf, type Running, type Source, sources } from './harness.ts';

/** Reads for more than two polls, during which held-back rows must not arrive. */
async function quietly(running: Running): Promise<void> {
  for (let i = 0; i < 3; i++) expect(await running.step()).toBeNull();
}

describe.concurrent.each(sources)('%s: rows that commit late are read', (_name, make) => {
  let db: Source;
  beforeAll(async () => {
    db = await make();
  });
  afterAll(async () => {
    await db[Symbol.asyncDispose]();
  });
  const idsOf = (committed: Committed) => committed.records.map(record => payloadOf(record)['id']);

  test('by number: a transaction that took its number first and commits last is awaited', async () => {
    const serial = db.product === 'postgresql' ? 'bigserial PRIMARY KEY' : 'bigint AUTO_INCREMENT PRIMARY KEY';
    await db.run(`CREATE TABLE late_number (id ${serial}, name varchar(9))`);
    const committed = new Committed();
    await using running = await openTask(
      propsOf(db, { mode: 'incrementing', 'table.whitelist': 'late_number' }),
      committed,
    );
    const [slow, quick] = [await db.session(), await db.session()];
    await slow.run('BEGIN');
    await slow.run("INSERT INTO late_number (name) VALUES ('slow')");
    // Its number is greater, and it commits first.
    await quick.run("INSERT INTO late_number (name) VALUES ('quick')");
    await quietly(running);
    await slow.run('COMMIT');
    await running.exactly(2);
    expect(idsOf(committed).map(Number)).toEqual([1, 2]);
  });

  test('by number: an earlier transaction that writes in between does not delay reads without end', async () => {
    await db.run('CREATE TABLE late_other (id int PRIMARY KEY)');
    await db.run('CREATE TABLE late_elsewhere (id int PRIMARY KEY)');
    const committed = new Committed();
    await using running = await openTask(
      propsOf(db, { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 'late_other' }),
      committed,
    );
    const [older, younger] = [await db.session(), await db.session()];
    await older.run('BEGIN');
    await older.run('INSERT INTO late_elsewhere VALUES (1)');
    await younger.run('BEGIN');
    await younger.run('INSERT INTO late_other VALUES (1)');
    await older.run('INSERT INTO late_other VALUES (2)');
    await older.run('COMMIT');
    await quietly(running);
    await younger.run('ROLLBACK');
    await running.exactly(1);
    expect(idsOf(committed)).toEqual([2]);
  });

  test('by time: a row stamped before others and committed after them is read', async () => {
    const [type, now] = db.product === 'postgresql' ? ['timestamptz', 'now()'] : ['datetime(6)', 'now(6)'];
    await db.run(`CREATE TABLE late_time (id int, at ${type} NOT NULL)`);
    const committed = new Committed();
    await using running = await openTask(
      propsOf(db, { mode: 'timestamp', 'timestamp.column.name': 'at', 'table.whitelist': 'late_time' }),
      committed,
    );
    const [slow, quick] = [await db.session(), await db.session()];
    await slow.run('BEGIN');
    // On PostgreSQL now() is the time of BEGIN, and the transaction has no id until it writes.
    await slow.run('SELECT 1');
    if (db.product === 'mariadb') await slow.run(`INSERT INTO late_time VALUES (1, ${now})`);
    await quick.run(`INSERT INTO late_time VALUES (2, ${now})`);
    await quietly(running);
    if (db.product === 'postgresql') await slow.run(`INSERT INTO late_time VALUES (1, ${now})`);
    await slow.run('COMMIT');
    await running.exactly(2);
    expect(idsOf(committed)).toEqual([1, 2]);
  });

  test('a delay covers late rows that cannot be detected', async () => {
    const [type, now] = db.product === 'postgresql' ? ['timestamptz', 'now()'] : ['datetime(6)', 'now(6)'];
    await db.run(`CREATE TABLE postponed (id int, at ${type} NOT NULL)`);
    const committed = new Committed();
    await using running = await openTask(
      propsOf(db, {
        mode: 'timestamp',
        'timestamp.column.name': 'at',
        'table.whitelist': 'postponed',
        'timestamp.delay.interval.ms': '3000',
      }),
      committed,
    );
    await db.run(`INSERT INTO postponed VALUES (2, ${now})`);
    const began = performance.now();
    // Stamped by a clock that is a second slow.
    await db.run(
      `INSERT INTO postponed VALUES (1, ${now} - INTERVAL ${db.product === 'postgresql' ? "'1 second'" : '1 SECOND'})`,
    );
    await running.exactly(2);
    expect(performance.now() - began).toBeGreaterThan(2000);
    expect(idsOf(committed)).toEqual([1, 2]);
  });
});

test('PostgreSQL: transactions of other databases delay nothing', async () => {
  const [, make] = sources[0];
  await using db = await make();
  await using other = await make();
  await db.run('CREATE TABLE here (id int PRIMARY KEY)');
  await other.run('CREATE TABLE there (id int PRIMARY KEY)');
  const long = await other.session();
  await long.run('BEGIN');
  await long.run('INSERT INTO there VALUES (1)');
  await db.run('INSERT INTO here VALUES (1)');
  const committed = new Committed();
  await using running = await openTask(
    propsOf(db, { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 'here' }),
    committed,
  );
  await running.exactly(1);
  await long.run('ROLLBACK');
});

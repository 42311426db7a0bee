import { describe, expect, test } from 'vitest';
import { FLUSH_MESSAGE } from '../../../connectors/postgresql/stream/own-messages.ts';
import { createDatabase } from '../../support/database.ts';
import { Committed, keyOf, payloadOf } from '../../support/source-task.ts';
import { openTask, propsOf } from './harness.ts';

const noData = { 'snapshot.mode': 'no_data' };

describe('streaming', () => {
  test('a quiet table does not retain log, and the slot is never ahead of the stored position', async () => {
    await using db = await createDatabase('quiet');
    await db.query('CREATE TABLE quiet (id int PRIMARY KEY)');
    await db.query('CREATE TABLE busy (id int, pad text)');
    const committed = new Committed();
    const props = propsOf(db, { ...noData, 'table.include.list': 'public.quiet', 'status.update.interval.ms': '200' });
    await using task = await openTask(props, committed);
    await task.step();
    const slot = async () => {
      const [row] = await db.query<{ confirmed: string; lag: string }>(
        `SELECT (confirmed_flush_lsn - '0/0')::text AS confirmed, (pg_current_wal_lsn() - confirmed_flush_lsn)::text AS lag
         FROM pg_replication_slots WHERE slot_name = $1`,
        [db.name],
      );
      return { confirmed: Number(row?.confirmed), lag: Number(row?.lag) };
    };
    const start = await slot();
    for (let i = 0; i < 5; i++)
      await db.query("INSERT INTO busy SELECT g, repeat('x', 500) FROM generate_series(1, 5000) g");
    expect((await slot()).lag).toBeGreaterThan(10 << 20);
    await task.until(async () => {
      const { confirmed, lag } = await slot();
      expect(confirmed).toBeLessThanOrEqual(Number(committed.get({ server: db.name })?.['lsn_commit']));
      return lag < 1 << 20;
    });
    expect(committed.records).toEqual([]);
    expect((await slot()).confirmed).toBeGreaterThan(start.confirmed + (10 << 20));
    // Later changes arrive after a restart from the position without records.
    await task.close();
    await db.query('INSERT INTO quiet VALUES (1)');
    await using again = await openTask(props, committed);
    await again.records(1);
  });

  test('a reader that pauses makes the server wait, and is not considered dead', async () => {
    await using db = await createDatabase('pause');
    await db.query('CREATE TABLE t (id int PRIMARY KEY, pad text)');
    await db.query(`ALTER DATABASE ${db.name} SET wal_sender_timeout = '1s'`);
    const committed = new Committed();
    const props = propsOf(db, noData);
    {
      await using task = await openTask(props, committed);
      await task.step();
    }
    for (let i = 0; i < 10; i++)
      await db.query("INSERT INTO t SELECT $1::int + g, repeat('x', 500) FROM generate_series(1, 10000) g", [
        i * 10_000,
      ]);
    await using task = await openTask(props, committed, { maxBatchBytes: 256 << 10 });
    await task.step();
    const sent = async () => {
      const [row] = await db.query<{ sent: string }>(
        `SELECT (sent_lsn - confirmed_flush_lsn)::text AS sent FROM pg_replication_slots s
         JOIN pg_stat_replication r ON r.pid = s.active_pid WHERE slot_name = $1`,
        [db.name],
      );
      return Number(row?.sent);
    };
    // Three times wal_sender_timeout.
    for (const deadline = performance.now() + 3000; performance.now() < deadline; )
      await new Promise(resolve => setTimeout(resolve, 100));
    expect(await sent()).toBeLessThan(40 << 20);
    await task.records(100_000);
    expect(new Set(committed.records.map(record => keyOf(record).id)).size).toBe(100_000);
  });

  test('heartbeats write records at an interval, and run their statement', async () => {
    await using db = await createDatabase('heartbeat');
    await db.query('CREATE TABLE t (id int PRIMARY KEY)');
    await db.query('CREATE TABLE beats (at timestamptz)');
    const committed = new Committed();
    const props = propsOf(db, {
      ...noData,
      'table.include.list': 'public.t',
      'heartbeat.interval.ms': '100',
      'heartbeat.action.query': 'INSERT INTO beats VALUES (now())',
    });
    await using task = await openTask(props, committed);
    await task.records(3);
    const [first] = committed.records;
    expect(first?.topic).toBe(`__debezium-heartbeat.${db.name}`);
    expect(first && keyOf(first)).toEqual({ serverName: db.name });
    expect(first && payloadOf(first).ts_ms).toBeGreaterThan(1.7e12);
    const [{ count } = { count: 0 }] = await db.query<{ count: number }>('SELECT count(*)::int AS count FROM beats');
    expect(count).toBeGreaterThan(1);
  });

  test('added, dropped and altered columns give new schemas, and old schemas otherwise remain', async () => {
    await using db = await createDatabase('ddl');
    await db.query('CREATE TABLE t (id int PRIMARY KEY, a int)');
    const committed = new Committed();
    await using task = await openTask(propsOf(db, noData), committed);
    await task.step();
    await db.query('INSERT INTO t VALUES (1, 1)');
    // Makes the server describe the table again.
    await db.query('ANALYZE t');
    await db.query('INSERT INTO t VALUES (2, 2)');
    await db.query("ALTER TABLE t ADD COLUMN b text NOT NULL DEFAULT 'x'");
    await db.query('INSERT INTO t VALUES (3, 3)');
    await db.query('ALTER TABLE t ALTER COLUMN a TYPE bigint');
    await db.query('INSERT INTO t VALUES (4, 4)');
    await db.query('ALTER TABLE t DROP COLUMN a');
    await db.query('INSERT INTO t VALUES (5)');
    await db.query('ALTER TABLE t RENAME TO u');
    await db.query('INSERT INTO u VALUES (6)');
    await task.records(6);
    const rows = committed.records.map(record => payloadOf(record).after);
    expect(rows).toEqual([
      { id: 1, a: 1 },
      { id: 2, a: 2 },
      { id: 3, a: 3, b: 'x' },
      { id: 4, a: 4, b: 'x' },
      { id: 5, b: 'x' },
      { id: 6, b: 'x' },
    ]);
    expect(committed.records.at(-1)?.topic).toBe(`${db.name}.public.u`);
    const schemas = committed.records.map(record => record.valueSchema);
    expect(schemas[0]).toBe(schemas[1]);
    expect(new Set(schemas).size).toBe(5);
  });

  test('rows from before a change of the table are read though the catalogue no longer has their columns', async () => {
    await using db = await createDatabase('ddl');
    await db.query('CREATE TABLE t (a int, b text, id int PRIMARY KEY)');
    const committed = new Committed();
    {
      await using task = await openTask(propsOf(db, noData), committed);
      await task.step();
    }
    await db.query("INSERT INTO t VALUES (NULL, 'x', 1)");
    await db.query("UPDATE t SET b = 'y'");
    await db.query('UPDATE t SET a = 1');
    await db.query('ALTER TABLE t ALTER COLUMN a SET NOT NULL');
    await db.query('ALTER TABLE t DROP CONSTRAINT t_pkey');
    await db.query('ALTER TABLE t ADD PRIMARY KEY (b)');
    await db.query("INSERT INTO t VALUES (2, 'z', 1)");
    await using task = await openTask(propsOf(db, noData), committed);
    await task.records(4);
    const keysAndOps = committed.records.map(record => [keyOf(record), payloadOf(record).after]);
    expect(keysAndOps).toEqual([
      // Null, although the column is NOT NULL by now; with the key of that time.
      [{ id: 1 }, { a: null, b: 'x', id: 1 }],
      [{ id: 1 }, { a: null, b: 'y', id: 1 }],
      [{ id: 1 }, { a: 1, b: 'y', id: 1 }],
      [{ b: 'z' }, { a: 2, b: 'z', id: 1 }],
    ]);
  });

  test('lists and operations filter changes', async () => {
    await using db = await createDatabase('lists');
    await db.query('CREATE SCHEMA s2');
    for (const table of ['public.a', 'public.b', 's2.a']) {
      await db.query(`CREATE TABLE ${table} (id int PRIMARY KEY, secret text, name text)`);
      await db.query(`ALTER TABLE ${table} REPLICA IDENTITY FULL`);
    }
    const committed = new Committed();
    const props = propsOf(db, {
      ...noData,
      'schema.include.list': 'public',
      'table.exclude.list': 'public\\.b',
      'column.exclude.list': '.*\\.secret',
      'message.key.columns': '(.*).a:name,id',
      'skipped.operations': 'd',
      'tombstones.on.delete': 'false',
      'skip.messages.without.change': 'true',
      'extended.headers.enabled': 'true',
    });
    await using task = await openTask(props, committed);
    await task.step();
    for (const table of ['public.a', 'public.b', 's2.a']) {
      await db.query(`INSERT INTO ${table} VALUES (1, 'hush', 'n')`);
      await db.query(`UPDATE ${table} SET secret = 'shh'`);
      await db.query(`UPDATE ${table} SET name = 'm'`);
      await db.query(`DELETE FROM ${table}`);
    }
    await db.query("INSERT INTO a VALUES (2, 'hush', 'end')");
    await task.records(3);
    expect(
      committed.records.map(record => [record.topic, keyOf(record), payloadOf(record).op, payloadOf(record).after]),
    ).toEqual([
      [`${db.name}.public.a`, { name: 'n', id: 1 }, 'c', { id: 1, name: 'n' }],
      // The key has changed with the name: of its deletion and its creation the first is skipped.
      [`${db.name}.public.a`, { name: 'm', id: 1 }, 'c', { id: 1, name: 'm' }],
      [`${db.name}.public.a`, { name: 'end', id: 2 }, 'c', { id: 2, name: 'end' }],
    ]);
    expect(committed.records[0]?.headers.map(({ key }) => key)).toEqual([
      '__debezium.context.connectorLogicalName',
      '__debezium.context.taskId',
      '__debezium.context.connectorName',
      '__debezium.context.runId',
    ]);
  });

  test('a key that replica identity does not send is not used', async () => {
    await using db = await createDatabase('identity');
    await db.query('CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL UNIQUE, n int)');
    await db.query('ALTER TABLE t REPLICA IDENTITY USING INDEX t_code_key');
    const committed = new Committed();
    await using task = await openTask(propsOf(db, noData), committed);
    await task.step();
    await db.query("INSERT INTO t VALUES (1, 'a', 1)");
    await db.query('UPDATE t SET n = 2');
    await db.query('DELETE FROM t');
    await task.records(4);
    expect(committed.records.map(record => keyOf(record))).toEqual(Array.from({ length: 4 }, () => ({ code: 'a' })));
  });

  test('metrics are reported', async () => {
    await using db = await createDatabase('figures');
    await db.query('CREATE TABLE t (id int PRIMARY KEY)');
    await db.query('INSERT INTO t SELECT g FROM generate_series(1, 10) g');
    const committed = new Committed();
    await using task = await openTask(propsOf(db), committed);
    await task.records(10);
    expect(task.figures).toMatchObject({
      SnapshotCompleted: 1,
      RowsScanned: 10,
      ChunksRead: 1,
      RemainingTableCount: 0,
    });
    // Like Millrace itself, to have the log flushed.
    await db.query(`SELECT pg_logical_emit_message(true, '${FLUSH_MESSAGE}', '')`);
    await db.query('INSERT INTO t VALUES (11)');
    await db.query('DELETE FROM t WHERE id < 3');
    await task.records(15);
    expect(task.figures).toMatchObject({
      Connected: 1,
      TotalNumberOfCreateEventsSeen: 1,
      TotalNumberOfDeleteEventsSeen: 2,
      NumberOfCommittedTransactions: 2,
    });
    expect(task.figures['SourceEventPosition']).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
  });
});

describe('snapshot modes', () => {
  test.each([
    ['initial', 4, [1, 2, 3, 4]],
    ['no_data', 2, [3, 4]],
    ['never', 2, [3, 4]],
    ['initial_only', 2, [1, 2]],
  ])('%s', async (mode, count, ids) => {
    await using db = await createDatabase('modes');
    await db.query('CREATE TABLE t (id int PRIMARY KEY)');
    await db.query('INSERT INTO t VALUES (1), (2)');
    const committed = new Committed();
    const props = propsOf(db, { 'snapshot.mode': mode });
    {
      await using task = await openTask(props, committed);
      await task.until(() => committed.batches.length > 0);
      await db.query('INSERT INTO t VALUES (3)');
      if (mode === 'initial_only') {
        for (let i = 0; i < 3; i++) await task.step();
      } else await task.records(count - 1);
    }
    await db.query('INSERT INTO t VALUES (4)');
    await using task = await openTask(props, committed);
    if (mode === 'initial_only') await task.step();
    else await task.records(count);
    expect(committed.records.map(record => keyOf(record).id)).toEqual(ids);
    const slots = await db.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [db.name]);
    expect(slots).toHaveLength(mode === 'initial_only' ? 0 : 1);
  });

  test('always reads the tables again, and streams afterwards', async () => {
    await using db = await createDatabase('modes');
    await db.query('CREATE TABLE t (id int PRIMARY KEY)');
    await db.query('INSERT INTO t VALUES (1), (2)');
    const committed = new Committed();
    const props = propsOf(db, { 'snapshot.mode': 'always' });
    {
      await using task = await openTask(props, committed);
      await task.records(2);
    }
    await db.query('INSERT INTO t VALUES (3)');
    await using task = await openTask(props, committed);
    await task.records(5);
    await db.query('INSERT INTO t VALUES (4)');
    await task.records(6);
    expect(committed.records.map(record => [payloadOf(record).op, keyOf(record).id])).toEqual([
      ['r', 1],
      ['r', 2],
      ['r', 1],
      ['r', 2],
      ['r', 3],
      ['c', 4],
    ]);
  });

  test('rows and tables are selected', async () => {
    await using db = await createDatabase('modes');
    for (const table of ['a', 'b', 'c']) {
      await db.query(`CREATE TABLE ${table} (id int PRIMARY KEY, name text)`);
      await db.query(`INSERT INTO ${table} SELECT g, 'n' FROM generate_series(1, 5) g`);
    }
    const committed = new Committed();
    const props = propsOf(db, {
      'snapshot.include.collection.list': 'public\\.(a|b)',
      'snapshot.select.statement.overrides': 'public.a',
      'snapshot.select.statement.overrides.public.a': 'SELECT * FROM a WHERE id > 3;',
    });
    await using task = await openTask(props, committed);
    await task.records(7);
    await db.query("INSERT INTO c VALUES (6, 'streamed')");
    await task.records(8);
    const recordsByTable = Map.groupBy(committed.records, record => record.topic.split('.').at(-1));
    expect(recordsByTable.get('a')?.map(record => keyOf(record).id)).toEqual([4, 5]);
    expect(recordsByTable.get('b')).toHaveLength(5);
    expect(recordsByTable.get('c')?.map(record => keyOf(record).id)).toEqual([6]);
  });

  test('snapshot markers name the first and the last rows', async () => {
    await using db = await createDatabase('modes');
    for (const table of ['a', 'b']) {
      await db.query(`CREATE TABLE ${table} (id int PRIMARY KEY, pad text)`);
      await db.query(`INSERT INTO ${table} SELECT g, repeat('x', 100) FROM generate_series(1, 200) g`);
    }
    const committed = new Committed();
    await using task = await openTask(propsOf(db, { 'snapshot.max.threads': '2' }), committed, { maxBatchBytes: 4096 });
    await task.records(400);
    const markers = committed.records.map(record => payloadOf(record).source.snapshot);
    expect(markers[0]).toBe('first');
    expect(markers.at(-1)).toBe('last');
    const counts = Object.fromEntries(
      Object.entries(Object.groupBy(markers, m => m)).map(([m, list]) => [m, list?.length]),
    );
    expect(counts).toEqual({ first: 1, first_in_data_collection: 1, last_in_data_collection: 1, last: 1, true: 396 });
    expect(committed.batches.filter(batch => batch.records.length > 0).length).toBeGreaterThan(8);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connector } from '../../../connectors/postgresql/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import { startPostgres } from '../../../src/stack/index.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { Committed, keyOf, silent } from '../../support/source-task.ts';
import { configOf, openTask, propsOf } from './harness.ts';

/** A server of this file: its settings change, it is restarted and killed. */
let server: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  server = await startPostgres();
}, 120_000);
afterAll(() => server?.stop());

async function database(): Promise<TestDatabase> {
  const db = await createDatabase('setup', server);
  await db.query('CREATE TABLE t (id int PRIMARY KEY, pad text)');
  return db;
}

const failure = async (work: Promise<unknown>): Promise<MillraceError> =>
  work.then(
    () => expect.unreachable('opening must fail'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(MillraceError);
      return error as MillraceError;
    },
  );

const noData = { 'snapshot.mode': 'no_data' };

describe('a missing requirement is reported with a remedy', () => {
  test('permission to replicate', async () => {
    await using db = await database();
    const user = `${db.name}_reader`;
    await db.query(`CREATE ROLE ${user} LOGIN`);
    const error = await failure(openTask(propsOf(db, { 'database.user': user }), new Committed()));
    expect(error).toMatchObject({ code: 'SOURCE_SETUP', kind: 'fatal' });
    expect(error.message).toContain(`ALTER ROLE "${user}" WITH REPLICATION`);
    expect(
      await connector.validate?.(configOf(propsOf(db, { 'database.user': user })), {
        log: silent,
        signal: new AbortController().signal,
      }),
    ).toEqual({ 'database.user': [expect.stringContaining('may not replicate')] });
    await db.query(`DROP ROLE ${user}`);
  });

  test('permission to read a table, and to create a publication', async () => {
    await using db = await database();
    const user = `${db.name}_reader`;
    await db.query(`CREATE ROLE ${user} LOGIN REPLICATION`);
    const props = propsOf(db, { 'database.user': user });
    const publication = await failure(openTask(props, new Committed()));
    expect(publication.code).toBe('SOURCE_SETUP');
    expect(publication.message).toMatch(/creating the publication .*permission denied/);
    const everything = await failure(
      openTask({ ...props, 'publication.autocreate.mode': 'all_tables' }, new Committed()),
    );
    expect(everything.message).toContain('publication.autocreate.mode=filtered');
    const disabled = await failure(openTask({ ...props, 'publication.autocreate.mode': 'disabled' }, new Committed()));
    expect(disabled.message).toContain(`CREATE PUBLICATION "${db.name}"`);
    await db.query(`CREATE PUBLICATION ${db.name} FOR TABLE t`);
    await using task = await openTask(props, new Committed());
    const select = await failure(task.until(() => false));
    expect(select).toMatchObject({ code: 'SOURCE_SETUP' });
    expect(select.message).toContain('permission denied for table t');
    await task.close();
    await db.query(`DROP OWNED BY ${user}`);
    await db.query(`DROP ROLE ${user}`);
  });

  test('a missing database, and a server that does not answer', async () => {
    await using db = await database();
    const missing = propsOf(db, { 'database.dbname': 'nowhere' });
    expect(await failure(openTask(missing, new Committed()))).toMatchObject({ code: 'SOURCE_SETUP' });
    const context = { log: silent, signal: new AbortController().signal };
    expect(await connector.validate?.(configOf(missing), context)).toEqual({
      'database.dbname': [expect.stringMatching(/^Error while validating connector config: .*does not exist/)],
    });
    const away = propsOf(db, { 'database.port': '1' });
    expect(await failure(openTask(away, new Committed()))).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect(await connector.validate?.(configOf(away), context)).toEqual({
      'database.hostname': [expect.stringContaining('ECONNREFUSED')],
    });
    expect(await connector.validate?.(configOf(propsOf(db)), context)).toEqual({});
  });

  test('wal_level', async () => {
    await using db = await database();
    await db.query('ALTER SYSTEM SET wal_level = replica');
    await server.restart();
    try {
      const error = await failure(openTask(propsOf(db), new Committed()));
      expect(error).toMatchObject({ code: 'SOURCE_SETUP', kind: 'fatal' });
      expect(error.message).toContain('ALTER SYSTEM SET wal_level = logical');
    } finally {
      await db.query('ALTER SYSTEM RESET wal_level');
      await server.restart();
    }
  });

  test('a free slot', async () => {
    await using db = await database();
    await db.query('ALTER SYSTEM SET max_replication_slots = 1');
    await server.restart();
    try {
      await db.query("SELECT pg_create_physical_replication_slot('other')");
      const error = await failure(openTask(propsOf(db), new Committed()));
      expect(error).toMatchObject({ code: 'SOURCE_SETUP' });
      expect(error.message).toContain('raise max_replication_slots');
    } finally {
      await db.query("SELECT pg_drop_replication_slot('other')");
      await db.query('ALTER SYSTEM RESET max_replication_slots');
      await server.restart();
    }
  });
});

describe('a slot that does not fit', () => {
  async function streamed(db: TestDatabase): Promise<Committed> {
    const committed = new Committed();
    await using task = await openTask(propsOf(db, noData), committed);
    await db.query("INSERT INTO t VALUES (1, 'one')");
    await task.records(1);
    return committed;
  }

  test('is lost: changes are missing, which is an error unless configured otherwise', async () => {
    await using db = await database();
    const committed = await streamed(db);
    await db.query('SELECT pg_drop_replication_slot($1)', [db.name]);
    await db.query("INSERT INTO t VALUES (2, 'lost')");
    const error = await failure(openTask(propsOf(db, noData), committed));
    expect(error).toMatchObject({ code: 'SOURCE_POSITION_LOST', kind: 'fatal' });
    expect(error.message).toMatch(/slot .* is gone.*snapshot\.mode=when_needed/);
    await using task = await openTask(propsOf(db, { 'snapshot.mode': 'when_needed' }), committed);
    await task.records(3);
    expect(committed.records.slice(1).map(record => keyOf(record).id)).toEqual([1, 2]);
  });

  test('was created again: the gap is named by its ends', async () => {
    await using db = await database();
    const committed = await streamed(db);
    await db.query('SELECT pg_drop_replication_slot($1)', [db.name]);
    await db.query("INSERT INTO t VALUES (2, 'lost')");
    await db.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [db.name]);
    const error = await failure(openTask(propsOf(db, noData), committed));
    expect(error.code).toBe('SOURCE_POSITION_LOST');
    expect(error.message).toMatch(/changes between [0-9A-F]+\/[0-9A-F]+ .* and [0-9A-F]+\/[0-9A-F]+ .* are lost/);
    await using task = await openTask(propsOf(db, { ...noData, 'offset.mismatch.strategy': 'trust_slot' }), committed);
    await db.query("INSERT INTO t VALUES (3, 'three')");
    await task.records(2);
    expect(committed.records.map(record => keyOf(record).id)).toEqual([1, 3]);
    expect(task.warnings.map(({ message }) => message)).toContainEqual(expect.stringContaining('are skipped'));
  });

  test('has lost required log', async () => {
    await using db = await database();
    const committed = await streamed(db);
    await db.query("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
    await db.query('SELECT pg_reload_conf()');
    try {
      await eventually('the slot is lost', async () => {
        await db.query(
          'INSERT INTO t SELECT g, repeat(md5(g::text), 100) FROM generate_series(10, 5000) g ON CONFLICT DO NOTHING',
        );
        await db.query('DELETE FROM t WHERE id > 9');
        await db.query('SELECT pg_switch_wal()');
        await db.query('CHECKPOINT');
        const [slot] = await db.query<{ wal_status: string }>(
          'SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1',
          [db.name],
        );
        return slot?.wal_status === 'lost';
      });
      const error = await failure(openTask(propsOf(db, noData), committed));
      expect(error.code).toBe('SOURCE_POSITION_LOST');
      expect(error.message).toContain('max_slot_wal_keep_size');
      await using task = await openTask(propsOf(db, { 'snapshot.mode': 'when_needed' }), committed);
      await task.records(2);
    } finally {
      await db.query('ALTER SYSTEM RESET max_slot_wal_keep_size');
      await db.query('SELECT pg_reload_conf()');
    }
  });

  test('has another plugin, or belongs to another database', async () => {
    await using db = await database();
    await using other = await database();
    await db.query("SELECT pg_create_logical_replication_slot($1, 'test_decoding')", [`${db.name}_td`]);
    const plugin = await failure(openTask(propsOf(db, { 'slot.name': `${db.name}_td` }), new Committed()));
    expect(plugin).toMatchObject({ code: 'SOURCE_SETUP' });
    expect(plugin.message).toContain('test_decoding');
    await streamed(db);
    const elsewhere = await failure(openTask(propsOf(other, { 'slot.name': db.name }), new Committed()));
    expect(elsewhere).toMatchObject({ code: 'SOURCE_SETUP' });
    expect(elsewhere.message).toContain(`belongs to the database ${db.name}`);
  });
});

describe('two readers of one slot', () => {
  test('a successor terminates its predecessor, whose link then fails', async () => {
    await using db = await database();
    const committed = new Committed();
    await using first = await openTask(propsOf(db, noData), committed, { connector: 'orders' });
    await first.step();
    await first.step();
    await using second = await openTask(propsOf(db, noData), committed, { connector: 'orders' });
    await db.query("INSERT INTO t VALUES (1, 'one')");
    await second.records(1);
    const error = await failure(first.until(() => false));
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', kind: 'retriable' });
  });

  test('another connector is not terminated', async () => {
    await using db = await database();
    const committed = new Committed();
    await using first = await openTask(propsOf(db, noData), committed, { connector: 'orders' });
    await first.step();
    await first.step();
    const impatient = { ...noData, 'slot.max.retries': '1', 'slot.retry.delay.ms': '300' };
    const error = await failure(openTask(propsOf(db, impatient), committed, { connector: 'other' }));
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect(error.message).toContain('is in use by millrace orders');
    await db.query("INSERT INTO t VALUES (1, 'one')");
    await first.records(1);
  });
});

describe('a lost server', () => {
  test.each(['restart', 'kill9'] as const)('%s: the link fails, and reading continues at the position', async how => {
    await using db = await database();
    const committed = new Committed();
    {
      await using task = await openTask(propsOf(db, noData), committed);
      await db.query('INSERT INTO t SELECT g FROM generate_series(1, 100) g');
      await task.records(100);
      if (how === 'kill9') await server.kill9();
      const broken = failure(task.until(() => false, 60_000));
      await server.restart();
      expect(await broken).toMatchObject({ code: 'SOURCE_UNAVAILABLE', kind: 'retriable' });
    }
    await eventually('the database answers', () => db.query('INSERT INTO t VALUES (101)').then(() => true));
    await using task = await openTask(propsOf(db, noData), committed);
    await task.records(101);
    expect(committed.records.map(record => keyOf(record).id)).toEqual(Array.from({ length: 101 }, (_, i) => i + 1));
  });
});

describe('deletion', () => {
  test('keeps slot and publication unless slot.drop.on.stop is set', async () => {
    await using db = await database();
    const context = { log: silent, signal: new AbortController().signal };
    const slots = () => db.query('SELECT slot_name FROM pg_replication_slots WHERE slot_name = $1', [db.name]);
    {
      await using task = await openTask(propsOf(db, noData), new Committed());
      await task.step();
    }
    await connector.deleted?.(configOf(propsOf(db)), context);
    expect(await slots()).toHaveLength(1);
    const dropping = configOf(propsOf(db, { 'slot.drop.on.stop': 'true' }));
    await connector.deleted?.(dropping, context);
    await connector.deleted?.(dropping, context);
    expect(await slots()).toHaveLength(0);
    expect(await db.query('SELECT pubname FROM pg_publication')).toHaveLength(1);
  });
});

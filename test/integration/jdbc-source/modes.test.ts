import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connector } from '../../../connectors/jdbc-source/index.ts';
import { createMariadb } from '../../support/mariadb.ts';
import { Committed, payloadOf } from '../../support/source-task.ts';
import { configOf, openTask, planContext, propsOf, type Source, sources, withRestarts } from './harness.ts';

const valuesOf = (committed: Committed, field: string): unknown[] =>
  committed.records.map(record => payloadOf(record)[field]);
const numbers = (count: number, from = 1): number[] => Array.from({ length: count }, (_, i) => from + i);
/** `(1), (2), …` */
const rows = (count: number, row: (i: number) => string): string =>
  numbers(count)
    .map(i => `(${row(i)})`)
    .join();

describe.concurrent.each(sources)('%s', (_name, make) => {
  let db: Source;
  /** Instants on PostgreSQL, microseconds on both. */
  let timestamp: string;
  let serial: string;
  beforeAll(async () => {
    db = await make();
    timestamp = db.product === 'postgresql' ? 'timestamptz' : 'datetime(6)';
    serial = db.product === 'postgresql' ? 'bigserial PRIMARY KEY' : 'bigint AUTO_INCREMENT PRIMARY KEY';
  });
  afterAll(async () => {
    await db[Symbol.asyncDispose]();
  });

  test('incrementing: each row is read once over restarts, by the auto-increment column; then new rows', async () => {
    await db.run(`CREATE TABLE counted (id ${serial}, name varchar(20))`);
    await db.run(`INSERT INTO counted (name) VALUES ${rows(50, i => `'row ${i}'`)}`);
    const props = propsOf(db, { mode: 'incrementing', 'table.whitelist': 'counted', 'batch.max.rows': '11' });
    const committed = new Committed();
    await withRestarts(props, committed, 50);
    expect(valuesOf(committed, 'id')).toEqual(numbers(50));
    expect(committed.records[0]).toMatchObject({ topic: 'from.counted', key: null, keySchema: null });
    expect(committed.records[0]?.valueSchema).toMatchObject({ name: 'counted', type: 'struct' });
    expect(committed.all()).toEqual([
      { partition: { protocol: '1', table: db.full('counted') }, offset: { incrementing: 50 } },
    ]);
    await using running = await openTask(props, committed);
    await db.run("INSERT INTO counted (name) VALUES ('later')");
    await running.exactly(51);
    expect(valuesOf(committed, 'name').at(-1)).toBe('later');
  });

  test('timestamp: rows of one time are never split or duplicated, for any batch size', async () => {
    await db.run(`CREATE TABLE stamped (n int, at ${timestamp} NOT NULL)`);
    // Sixty rows at six times.
    await db.run(
      `INSERT INTO stamped VALUES ${rows(60, i => `${i}, '2024-01-01 00:00:0${Math.floor((i - 1) / 10)}.000001'`)}`,
    );
    const props = propsOf(db, {
      mode: 'timestamp',
      'timestamp.column.name': 'at',
      'table.whitelist': 'stamped',
      'batch.max.rows': '13',
    });
    const committed = new Committed();
    await withRestarts(props, committed, 60);
    expect(valuesOf(committed, 'n').sort((a, b) => Number(a) - Number(b))).toEqual(numbers(60));
    expect(committed.all()[0]?.offset).toEqual({
      timestamp: Date.UTC(2024, 0, 1, 0, 0, 5),
      timestamp_nanos: 1000,
    });
  });

  test('timestamp: a time with more rows than a batch is read in parts, including equal rows', async () => {
    await db.run(`CREATE TABLE bulky (n int, text_ varchar(100), at ${timestamp} NOT NULL)`);
    const text = 'x'.repeat(90);
    const insert = (count: number, time: string, n: (i: number) => number) =>
      db.run(`INSERT INTO bulky VALUES ${rows(count, i => `${n(i)}, '${text}', '${time}'`)}`);
    await insert(3, '2024-01-01 00:00:00', i => i);
    // Every fourth of these rows is the same.
    await insert(200, '2024-01-01 00:00:01', i => (i % 4 === 0 ? 999 : 1000 + i));
    await insert(3, '2024-01-01 00:00:02', i => 2000 + i);
    const props = propsOf(db, {
      mode: 'timestamp',
      'timestamp.column.name': 'at',
      'table.whitelist': 'bulky',
      'batch.max.rows': '25',
    });
    const committed = new Committed();
    await withRestarts(props, committed, 206, 5000);
    const expected = await db.run('SELECT n FROM bulky ORDER BY n');
    expect(valuesOf(committed, 'n').sort((a, b) => Number(a) - Number(b))).toEqual(expected.map(row => row['n']));
    expect(Math.max(...committed.batches.map(batch => batch.records.length))).toBeLessThan(60);
    expect(valuesOf(committed, 'n').slice(-3)).toEqual([2001, 2002, 2003]);
  });

  test('timestamp+incrementing: rows are read by the pair, and changed rows again', async () => {
    await db.run(`CREATE TABLE paired (id int PRIMARY KEY, at ${timestamp} NOT NULL, name varchar(20))`);
    await db.run(`INSERT INTO paired VALUES ${rows(40, i => `${41 - i}, '2024-01-01 00:00:0${i % 3}', 'a'`)}`);
    const props = propsOf(db, {
      mode: 'timestamp+incrementing',
      'timestamp.column.name': 'at',
      'incrementing.column.name': 'id',
      'table.whitelist': 'paired',
      'batch.max.rows': '9',
    });
    const committed = new Committed();
    await withRestarts(props, committed, 40);
    expect(valuesOf(committed, 'id').sort((a, b) => Number(a) - Number(b))).toEqual(numbers(40));
    expect(committed.all()[0]?.offset).toMatchObject({ timestamp: Date.UTC(2024, 0, 1, 0, 0, 2), incrementing: 39 });
    await using running = await openTask(props, committed);
    await db.run("UPDATE paired SET name = 'b', at = '2024-01-01 00:00:03' WHERE id = 7");
    await running.exactly(41);
    expect(payloadOf(committed.records[40] as never)).toMatchObject({ id: 7, name: 'b' });
  });

  test('several timestamp columns: the first non-null value counts', async () => {
    await db.run(`CREATE TABLE twice (n int, changed ${timestamp} NULL, made ${timestamp} NOT NULL)`);
    await db.run(
      "INSERT INTO twice VALUES (1, NULL, '2024-01-01'), (2, '2024-01-03', '2024-01-01'), (3, NULL, '2024-01-02')",
    );
    const props = propsOf(db, {
      mode: 'timestamp',
      'timestamp.column.name': 'changed, made',
      'table.whitelist': 'twice',
    });
    const committed = new Committed();
    await using running = await openTask(props, committed);
    await running.exactly(3);
    expect(valuesOf(committed, 'n')).toEqual([1, 3, 2]);
    expect(running.warnings).toEqual([]);
  });

  test('timestamp.initial: rows are read from a time, or from now on', async () => {
    await db.run(`CREATE TABLE started (n int, at ${timestamp} NOT NULL)`);
    await db.run("INSERT INTO started VALUES (1, '2024-01-01'), (2, '2024-01-02'), (3, '2024-01-03')");
    const more = { mode: 'timestamp', 'timestamp.column.name': 'at', 'table.whitelist': 'started' };
    const committed = new Committed();
    await using running = await openTask(
      propsOf(db, { ...more, 'timestamp.initial': String(Date.UTC(2024, 0, 1)) }),
      committed,
    );
    await running.exactly(2);
    expect(valuesOf(committed, 'n')).toEqual([2, 3]);
    const fromNow = new Committed();
    await using second = await openTask(propsOf(db, { ...more, 'timestamp.initial': '-1' }), fromNow);
    // The position is stored before there is a row.
    await second.until(() => fromNow.all().length === 1);
    await db.run(`INSERT INTO started VALUES (4, ${db.product === 'postgresql' ? 'now()' : 'now(6)'})`);
    await second.exactly(1);
    expect(valuesOf(fromNow, 'n')).toEqual([4]);
  });

  test('bulk: the whole table is read at each poll', async () => {
    await db.run('CREATE TABLE whole (n int)');
    await db.run('INSERT INTO whole VALUES (1), (2), (3)');
    const committed = new Committed();
    await using running = await openTask(
      propsOf(db, { mode: 'bulk', 'table.whitelist': 'whole', 'batch.max.rows': '2' }),
      committed,
    );
    await running.until(() => committed.records.length >= 6);
    expect(valuesOf(committed, 'n').slice(0, 6)).toEqual([1, 2, 3, 1, 2, 3]);
    expect(committed.all()).toEqual([]);
  });

  test('a query may have conditions, joins and a suffix', async () => {
    await db.run(`CREATE TABLE asked (id int PRIMARY KEY, at ${timestamp} NOT NULL)`);
    await db.run(`INSERT INTO asked VALUES ${rows(20, i => `${i}, '2024-01-01 00:00:0${i % 4}'`)}`);
    const query = 'SELECT a.id, a.at, b.id AS other FROM asked a JOIN asked b ON a.id = b.id WHERE a.id > 5;';
    const count = new Committed();
    const more = { query, 'topic.prefix': 'answers', 'query.suffix': 'LIMIT 6' };
    await withRestarts(propsOf(db, { ...more, mode: 'incrementing', 'incrementing.column.name': 'id' }), count, 15);
    expect(valuesOf(count, 'id')).toEqual(numbers(15, 6));
    expect(count.records[0]?.topic).toBe('answers');
    expect(count.all()).toEqual([{ partition: { query: 'query' }, offset: { incrementing: 20 } }]);
    // A suffix splits anywhere, and no row of the split time is lost.
    const time = new Committed();
    await withRestarts(propsOf(db, { ...more, mode: 'timestamp', 'timestamp.column.name': 'at' }), time, 15);
    expect(valuesOf(time, 'other').sort((a, b) => Number(a) - Number(b))).toEqual(numbers(15, 6));
  });

  test('a new table is read, a dropped one is forgotten, and an error in one stops no other', async () => {
    await db.run('CREATE TABLE new_first (id int PRIMARY KEY)');
    await db.run('INSERT INTO new_first VALUES (1)');
    await db.run('CREATE TABLE new_wrong (name varchar(9))');
    const props = propsOf(db, {
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'table.include.list': '.*\\.new_.*',
      'table.poll.interval.ms': '100',
    });
    const [plan, ...rest] = await connector.plan(configOf(props), 1, planContext);
    expect(rest).toEqual([]);
    expect(JSON.parse(plan?.['tables'] ?? '')).toEqual([db.full('new_first'), db.full('new_wrong')]);
    const committed = new Committed();
    await using running = await openTask({ ...props, ...plan }, committed);
    await running.exactly(1);
    expect(running.warnings.map(({ fields }) => String(fields['reason']))).toContainEqual(
      expect.stringContaining('has no column id'),
    );
    await db.run('CREATE TABLE new_second (id int PRIMARY KEY)');
    await db.run('INSERT INTO new_second VALUES (2)');
    await running.exactly(2);
    expect(committed.records[1]?.topic).toBe('from.new_second');
    await db.run('DROP TABLE new_second');
    await running.until(() => running.warnings.some(({ message }) => message.includes('was dropped')));
    await db.run('INSERT INTO new_first VALUES (3)');
    await running.exactly(3);
  });

  test('columns may be added and dropped between polls', async () => {
    await db.run(`CREATE TABLE changing (id int PRIMARY KEY, a int)`);
    await db.run('INSERT INTO changing VALUES (1, 10)');
    const committed = new Committed();
    await using running = await openTask(
      propsOf(db, { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 'changing' }),
      committed,
    );
    await running.exactly(1);
    await db.run('ALTER TABLE changing ADD COLUMN b varchar(5)');
    await db.run("INSERT INTO changing VALUES (2, 20, 'x')");
    await running.exactly(2);
    await db.run('ALTER TABLE changing DROP COLUMN a');
    await db.run("INSERT INTO changing VALUES (3, 'y')");
    await running.exactly(3);
    expect(committed.records.map(record => payloadOf(record))).toEqual([
      { id: 1, a: 10 },
      { id: 2, a: 20, b: 'x' },
      { id: 3, b: 'y' },
    ]);
  });

  test('tables are distributed over tasks, each row in one of them', async () => {
    for (const name of ['a', 'b', 'c']) {
      await db.run(`CREATE TABLE spread_${name} (id int PRIMARY KEY)`);
      await db.run(`INSERT INTO spread_${name} VALUES (1), (2)`);
    }
    const props = propsOf(db, {
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'table.include.list': '.*\\.spread_.*',
    });
    const plans = await connector.plan(configOf(props), 2, planContext);
    expect(plans.map(plan => JSON.parse(plan['tables'] ?? '').length)).toEqual([2, 1]);
    const committed = new Committed();
    for (const plan of plans) {
      const before = committed.records.length;
      await using running = await openTask({ ...props, ...plan }, committed);
      await running.exactly(before + 2 * JSON.parse(plan['tables'] ?? '').length);
    }
    expect(committed.records.map(({ topic }) => topic).sort()).toEqual(
      ['a', 'a', 'b', 'b', 'c', 'c'].map(name => `from.spread_${name}`),
    );
  });

  test('a nullable column causes a warning, and with validate.non.null=true an error', async () => {
    await db.run(`CREATE TABLE loose (n int, at ${timestamp} NULL)`);
    const more = { mode: 'timestamp', 'timestamp.column.name': 'at', 'table.whitelist': 'loose' };
    await using running = await openTask(propsOf(db, more), new Committed());
    await running.until(() => running.warnings.length > 0);
    expect(running.warnings[0]?.message).toContain('rows with null are never read');
    await using strict = await openTask(propsOf(db, { ...more, 'validate.non.null': 'true' }), new Committed());
    await expect(strict.step()).rejects.toMatchObject({ code: 'SOURCE_SETUP' });
  });

  test("a position of Confluent's connector, without nanoseconds, is continued", async () => {
    await db.run(`CREATE TABLE moved (id int PRIMARY KEY, at ${timestamp} NOT NULL)`);
    await db.run(
      "INSERT INTO moved VALUES (1, '2024-01-01 00:00:01'), (2, '2024-01-01 00:00:01'), (3, '2024-01-01 00:00:02')",
    );
    const committed = new Committed();
    committed.put(
      { protocol: '1', table: db.full('moved') },
      { incrementing: 1, timestamp: Date.UTC(2024, 0, 1, 0, 0, 1), timestamp_nanos: 0 },
    );
    await using running = await openTask(
      propsOf(db, {
        mode: 'timestamp+incrementing',
        'timestamp.column.name': 'at',
        'incrementing.column.name': 'id',
        'table.whitelist': 'moved',
      }),
      committed,
    );
    await running.exactly(2);
    expect(valuesOf(committed, 'id')).toEqual([2, 3]);
  });

  test('a connection error has a message', async () => {
    const context = planContext;
    const wrong = configOf(propsOf(db, { mode: 'bulk', 'connection.url': db.url.replace(db.name, 'nowhere_at_all') }));
    await expect(connector.validate?.(wrong, context)).resolves.toMatchObject({
      'connection.url': [expect.stringContaining('nowhere_at_all')],
    });
    const down = configOf(propsOf(db, { mode: 'bulk', 'connection.url': `jdbc:${db.product}://127.0.0.1:9/x?user=u` }));
    await expect(connector.plan(down, 1, context)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    const right = configOf(propsOf(db, { mode: 'bulk', 'table.whitelist': 'none' }));
    await expect(connector.validate?.(right, context)).resolves.toEqual({});
  });
});

test('the introductory configuration runs unchanged except for the port', async () => {
  await using db = await createMariadb('test');
  await db.query('CREATE TABLE login (username VARCHAR(30), login_time DATETIME)');
  await db.query("INSERT INTO login VALUES ('gwenshap', NOW() - INTERVAL 3 SECOND)");
  const { host, port, user, password } = db.server;
  const committed = new Committed();
  await using running = await openTask(
    {
      'connector.class': 'JdbcSourceConnector',
      'connection.url': `jdbc:mysql://${host}:${port}/${db.name}?user=${user}&password=${password}`,
      mode: 'timestamp',
      'table.whitelist': 'login',
      'timestamp.column.name': 'login_time',
      'topic.prefix': 'mysql.',
    },
    committed,
  );
  await running.until(() => committed.records.length === 1);
  expect(committed.records[0]?.topic).toBe('mysql.login');
  expect(payloadOf(committed.records[0] as never)).toEqual({
    username: 'gwenshap',
    login_time: expect.any(Number),
  });
});

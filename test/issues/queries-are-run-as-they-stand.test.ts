import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connector } from '../../connectors/jdbc-source/index.ts';
import { withoutSemicolon } from '../../connectors/jdbc-source/read/query-text.ts';
import { rejection } from '../integration/jdbc-sink/sink.ts';
import { configOf, openTask, planContext, propsOf, type Source, sources } from '../integration/jdbc-source/harness.ts';
import { generator } from '../support/generate/index.ts';
import { Committed, payloadOf } from '../support/source-task.ts';
// Its server is started for files that name it.
import '../support/mariadb.ts';

/** Any single statement that returns rows is a query of the JDBC source. */
const draw = generator(import.meta.url);
const text = draw.value(
  fc.string({ unit: fc.constantFrom('a', ';', '-', ' ', '/', '*', '#', '$', '(', 'ä'), minLength: 3 }),
);
const column = draw.column().replaceAll(/["`\\]/g, '');

/** Statements in the syntax of both databases: q quotes a name. */
const common = (q: (name: string) => string): string[] => [
  'SELECT id, name FROM t',
  'SELECT id, name FROM t;',
  'SELECT id FROM t -- of all rows; where id = 1',
  'SELECT id FROM t /* ; where */ ; -- done\n ; ',
  '/* first */ SELECT id FROM t',
  'WITH few AS (SELECT id FROM t WHERE id < 3) SELECT * FROM few ORDER BY id DESC',
  'SELECT id FROM t WHERE id = 1 UNION ALL SELECT id FROM t WHERE id = 2',
  '(SELECT id FROM t) UNION (SELECT 7)',
  'SELECT id, name FROM t ORDER BY name DESC LIMIT 2',
  'SELECT name, COUNT(*) AS n FROM t GROUP BY name HAVING COUNT(*) > 0 ORDER BY 1',
  `SELECT '${text}' AS ${q(column)}, 'x'';where' AS ${q('where')} FROM t`,
  'EXPLAIN SELECT id FROM t',
];
const dialectQueries = {
  postgresql: [
    "VALUES (1, 'a'), (2, NULL)",
    'TABLE t',
    'SHOW server_version',
    "SELECT $$;$$ AS a, $b$ $$ -- $b$ AS b, E'\\';' AS c",
    'SELECT id FROM t FOR UPDATE',
  ],
  mariadb: [
    "VALUES (1, 'a'), (2, NULL)",
    'SHOW TABLES',
    'DESCRIBE t',
    'CALL rows_of(2)',
    'SELECT id FROM t # of all rows; where id = 1',
    'SELECT "it\'s;" AS a, `name` FROM t',
    'SELECT SQL_NO_CACHE id FROM t',
  ],
};
const writing = {
  postgresql: [
    "INSERT INTO log (what) VALUES ('a') RETURNING id, what",
    "WITH new AS (INSERT INTO log (what) VALUES ('b') RETURNING *) SELECT id FROM new",
    "SELECT write_log('c')",
    "CALL log_it('d', NULL)",
  ],
  mariadb: ["INSERT INTO log (what) VALUES ('a') RETURNING id, what", "CALL log_it('b')", "SELECT write_log('c')"],
};

const shown = (rows: readonly Readonly<Record<string, unknown>>[]): unknown[] =>
  rows.map(row =>
    Object.entries(row).map(([name, value]) => [
      name,
      value === null ? null : String(value instanceof Date ? value.getTime() : value),
    ]),
  );

describe.each(sources)('%s', (_name, make) => {
  let db: Source;
  beforeAll(async () => {
    db = await make();
    const serial = db.product === 'postgresql' ? 'serial PRIMARY KEY' : 'int AUTO_INCREMENT PRIMARY KEY';
    const at = db.product === 'postgresql' ? 'timestamp' : 'datetime(6)';
    await db.run(`CREATE TABLE t (id int PRIMARY KEY, name varchar(20), at ${at} NOT NULL)`);
    await db.run(`CREATE TABLE other (id int PRIMARY KEY, t_id int, at ${at} NOT NULL)`);
    await db.run("INSERT INTO t VALUES (1, 'a', '2024-01-01'), (2, 'b', '2024-01-02'), (3, 'b', '2024-01-03')");
    await db.run("INSERT INTO other VALUES (10, 3, '2024-02-01'), (20, 2, '2024-02-02'), (30, 1, '2024-02-03')");
    await db.run(`CREATE TABLE log (id ${serial}, what varchar(20))`);
    if (db.product === 'postgresql') {
      await db.run(`CREATE FUNCTION write_log(what text) RETURNS int LANGUAGE sql AS
        $$ INSERT INTO log (what) VALUES ($1) RETURNING id $$`);
      await db.run(`CREATE PROCEDURE log_it(what text, INOUT id int) LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO log (what) VALUES ($1) RETURNING log.id INTO id; END $$`);
    } else {
      await db.run('CREATE PROCEDURE rows_of(most int) SELECT id, name FROM t WHERE id <= most');
      await db.run(`CREATE PROCEDURE log_it(IN w varchar(20))
        BEGIN INSERT INTO log (what) VALUES (w); SELECT id FROM log ORDER BY id DESC LIMIT 1; END`);
      await db.run(`CREATE FUNCTION write_log(w varchar(20)) RETURNS int DETERMINISTIC MODIFIES SQL DATA
        BEGIN INSERT INTO log (what) VALUES (w); RETURN 1; END`);
    }
  });
  afterAll(() => db[Symbol.asyncDispose]());

  async function first(more: Readonly<Record<string, string>>, count: number): Promise<unknown[]> {
    const committed = new Committed();
    await using running = await openTask(propsOf(db, { 'topic.prefix': 'answers', mode: 'bulk', ...more }), committed);
    await running.until(() => committed.records.length >= count);
    return shown(committed.records.slice(0, count).map(record => payloadOf(record) as Record<string, unknown>));
  }

  test('every read-only statement runs', async () => {
    const q = (name: string) => (db.product === 'postgresql' ? `"${name}"` : `\`${name}\``);
    for (const query of [...common(q), ...dialectQueries[db.product]]) {
      const answer = (await db.run(query)) as readonly unknown[];
      // The rows of a procedure are followed by its own end marker.
      const rows = (Array.isArray(answer[0]) ? answer[0] : answer) as readonly Readonly<Record<string, unknown>>[];
      expect(rows.length).toBeGreaterThan(0);
      expect([query, ...(await first({ query }, rows.length))]).toEqual([query, ...shown(rows)]);
    }
  });

  test('statements that also write are committed', async () => {
    for (const query of writing[db.product]) {
      await db.run('DELETE FROM log');
      const rows = await first({ query, 'poll.interval.ms': '60000' }, 1);
      expect([query, rows.length, (await db.run('SELECT * FROM log')).length]).toEqual([query, 1, 1]);
    }
  });

  test('a statement without rows is rejected and not run', async () => {
    const failure = await rejection(first({ query: 'DELETE FROM t' }, 1));
    expect(failure).toMatchObject({ code: 'SOURCE_SETUP', message: expect.stringContaining('returns no rows') });
    expect((await db.run('SELECT * FROM t')).length).toBe(3);
  });

  test('a query runs whatever tables exist', async () => {
    if (db.product === 'mariadb') return;
    await db.run('CREATE SCHEMA beside; CREATE TABLE beside.t (id int)');
    const settings = configOf(propsOf(db, { mode: 'bulk', query: 'SELECT 1' }));
    expect(await connector.validate?.(settings, planContext)).toEqual({});
  });

  test('a query runs with a suffix', async () => {
    const more = { query: 'SELECT id FROM t ORDER BY id; -- all', 'query.suffix': 'LIMIT 2' };
    expect(await first(more, 4)).toEqual(shown([{ id: 1 }, { id: 2 }, { id: 1 }, { id: 2 }]));
  });

  test('a query runs with the conditions of a mode', async () => {
    for (const query of [
      'SELECT id, name FROM t; -- done',
      'SELECT id FROM t -- of all rows; where id = 1',
      'WITH few AS (SELECT id FROM t) SELECT * FROM few',
      'SELECT id FROM t WHERE id = 2 UNION ALL SELECT id FROM t WHERE id <> 2',
      'SELECT id FROM t ORDER BY name DESC LIMIT 10',
      "SELECT id, ';' AS a FROM t WHERE name <> ';' GROUP BY id",
    ]) {
      const rows = await first({ query, mode: 'incrementing', 'incrementing.column.name': 'id' }, 3);
      expect([query, rows.map(row => (row as string[][])[0])]).toEqual([
        query,
        [1, 2, 3].map(id => ['id', String(id)]),
      ]);
    }
    const show = { query: db.product === 'postgresql' ? 'SHOW server_version' : 'SHOW TABLES' };
    const failure = await rejection(first({ ...show, mode: 'incrementing', 'incrementing.column.name': 'id' }, 1));
    expect(failure).toMatchObject({ code: 'SOURCE_SETUP', message: expect.stringContaining('mode=bulk runs any') });
  });

  test.each(['always', 'never'])(
    'columns can be qualified by a table alias, with quote.sql.identifiers=%s',
    async quote => {
      const more = {
        query: 'SELECT t.id, o.id AS other_id, o.at FROM t JOIN other o ON o.t_id = t.id',
        mode: 'timestamp+incrementing',
        'incrementing.column.name': 't.id',
        'timestamp.column.name': 'o.at',
        'quote.sql.identifiers': quote,
      };
      const rows = (await first(more, 3)) as string[][][];
      expect(rows.map(row => [row[0], row[1]])).toEqual(
        [3, 2, 1].map(id => [
          ['id', String(id)],
          ['other_id', String((4 - id) * 10)],
        ]),
      );
    },
  );
});

describe('the end of a statement', () => {
  const pieces = {
    postgresql: [
      "'it''s; --'",
      "E'\\';'",
      '"a;""b"',
      '$$;$$',
      '$x$ $$;--\n $x$',
      'a1',
      'E',
      '1.5',
      '(',
      ')',
      '/*;/*;*/*/',
      '--;\n',
      '+',
    ],
    mysql: [
      "'it''s; --'",
      "'\\';'",
      '"a;\\""',
      '`a;``b`',
      'a1',
      '$',
      '1.5',
      '(',
      ')',
      '/*;*/',
      '#;\n',
      '-- ;\n',
      '/*!50000 x*/',
      '-',
    ],
  };
  test.each(['postgresql', 'mysql', 'mariadb'] as const)('%s', product => {
    const of = pieces[product === 'postgresql' ? 'postgresql' : 'mysql'];
    const code = fc.array(fc.constantFrom(...of), { minLength: 1, maxLength: 8 }).map(all => all.join(' '));
    const blanks = fc
      .array(fc.constantFrom(' ', '\n', ';', '-- ;\n', '/* ; */'), { maxLength: 4 })
      .map(all => all.join(''));
    fc.assert(
      fc.property(code, blanks, code, (sql, end, next) => {
        expect(withoutSemicolon(sql, product)).toBe(sql);
        expect(withoutSemicolon(`${sql};${end}`, product)).toBe(sql);
        const two = `${sql};${end} x ${next}`;
        expect(withoutSemicolon(two, product)).toBe(two);
      }),
    );
  });

  test.each(["'", '"', '/*', '$a$', ';', '$'])('the end of many %s is found in time', part => {
    const began = performance.now();
    for (const product of ['postgresql', 'mysql'] as const) withoutSemicolon(part.repeat(200_000), product);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

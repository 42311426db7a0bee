import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { date, decimal, time, year } from '../../connectors/jdbc-source/values/decoders.ts';
import { zoneOf } from '../../connectors/jdbc-source/values/time-zone.ts';
import { timestamp, timestampGranularities } from '../../connectors/jdbc-source/values/timestamps.ts';
import type { SourceRecord, StructSchema, Value } from '../../src/api/index.ts';
import { DataError } from '../../src/errors.ts';
import { rejection } from '../integration/jdbc-sink/sink.ts';
import { openTask, type Props, propsOf, type Source, sources } from '../integration/jdbc-source/harness.ts';
import { generator } from '../support/generate/index.ts';
import { Committed } from '../support/source-task.ts';
// Its server is started for files that name it.
import '../support/mariadb.ts';

/** In the JDBC source such a value is an error of its record: never null, never another value. */
const draw = generator(import.meta.url);

/** SQL type, and texts that its Connect type cannot hold. */
const beyond = {
  postgresql: [
    ['numeric', ['NaN', 'Infinity', '-Infinity', `1e-${128}`]],
    ['numeric(10,2)', ['NaN']],
    ['date', ['infinity', '-infinity', '300000-01-01', '5874897-12-31']],
    ['timestamp', ['infinity', '-infinity', '294276-12-31 23:59:59']],
    ['timestamptz', ['infinity', '-infinity', '294276-12-31 23:59:59+00']],
    ['time', ['24:00:00']],
  ],
  mariadb: [
    ['bigint unsigned', ['9223372036854775808', '18446744073709551615']],
    ['date', ['0000-00-00', '2024-00-00', '2024-02-00', '2023-02-29']],
    ['datetime(6)', ['0000-00-00 00:00:00', '2024-00-10 00:00:00']],
    ['timestamp', ['0000-00-00 00:00:00']],
    ['time(6)', ['-00:00:01', '24:00:00', '838:59:59', '-838:59:59']],
    ['year', ['0000']],
  ],
} as const;

const fieldOf = (record: SourceRecord | undefined, field: string): Value => {
  if (record === undefined) throw new Error('no record');
  const index = (record.valueSchema as StructSchema).byName.get(field)?.index ?? -1;
  return (record.value as { at(index: number): Value }).at(index);
};

describe.each(sources)('%s', (_name, make) => {
  let db: Source;
  // MariaDB allows no characters above U+FFFF in names, and no trailing blank.
  const value = draw.column().replaceAll(/["`\\]|[\u{10000}-\u{10ffff}]|\s$/gu, '_');
  beforeAll(async () => {
    db = await make();
    // Accepted without the SQL modes that reject zero dates.
    if (db.product === 'mariadb') await db.run("SET sql_mode = 'ALLOW_INVALID_DATES'");
  });
  afterAll(() => db[Symbol.asyncDispose]());
  const quoted = () => (db.product === 'postgresql' ? `"${value}"` : `\`${value}\``);

  async function read(table: string, count: number, more: Props = {}): Promise<readonly SourceRecord[]> {
    const committed = new Committed();
    const props = { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': table, ...more };
    await using running = await openTask(propsOf(db, props), committed);
    await running.until(() => committed.records.length >= count);
    return committed.records;
  }

  test('each value is an error of its record, and its neighbours are read', async () => {
    for (const [i, [type, texts]] of beyond[db.product].entries()) {
      const table = `beyond_${i}`;
      await db.run(`CREATE TABLE ${table} (id int PRIMARY KEY, before_ int, ${quoted()} ${type} NULL)`);
      for (const [id, text] of [...texts, null].entries())
        await db.run(`INSERT INTO ${table} VALUES (${id}, 7, ${text === null ? 'NULL' : `'${text}'`})`);
      const records = await read(table, texts.length + 1);
      for (const [id, text] of texts.entries()) {
        const get = () => fieldOf(records[id], value);
        expect(get, `${type} ${text}`).toThrow(DataError);
        expect(get).toThrow(`column ${value} of ${table}`);
        expect([fieldOf(records[id], 'id'), fieldOf(records[id], 'before_')]).toEqual([id, 7]);
      }
      expect(fieldOf(records.at(-1), value)).toBe(null);
    }
  });

  test('zero dates are null if the URL requests it', async () => {
    if (db.product === 'postgresql') return;
    await db.run(`CREATE TABLE zero (id int PRIMARY KEY, d date NULL, t datetime NULL, n date NOT NULL)`);
    await db.run("INSERT INTO zero VALUES (1, '0000-00-00', '0000-00-00 00:00:00', '0000-00-00')");
    await db.run("INSERT INTO zero VALUES (2, '2024-00-00', '2024-01-01 00:00:00', '2024-01-01')");
    const url = `${db.url}&zeroDateTimeBehavior=convertToNull`;
    const [first, second] = await read('zero', 2, { 'connection.url': url });
    expect([fieldOf(first, 'd'), fieldOf(first, 't')]).toEqual([null, null]);
    expect(() => fieldOf(first, 'n')).toThrow(DataError);
    expect(() => fieldOf(second, 'd')).toThrow(DataError);
    expect(fieldOf(second, 't')).toEqual(new Date('2024-01-01T00:00:00Z'));
    const round = { 'connection.url': `${db.url}&zeroDateTimeBehavior=ROUND` };
    expect((await rejection(read('zero', 2, round))).message).toContain('CONVERT_TO_NULL');
  });

  test('a position that is not a number is an error', async () => {
    if (db.product === 'mariadb') return;
    await db.run('CREATE TABLE nowhere (id numeric(10,0) NOT NULL)');
    await db.run("INSERT INTO nowhere VALUES (1), ('NaN')");
    expect(await rejection(read('nowhere', 2))).toMatchObject({
      code: 'SOURCE_SETUP',
      message: expect.stringContaining('contains NaN'),
    });
  });
});

test('no text of the databases is read as null or as an invalid date', () => {
  const utc = zoneOf('UTC');
  const zone = zoneOf('America/New_York');
  const digits = (n: number) => fc.integer({ min: 0, max: 10 ** n - 1 }).map(number => String(number).padStart(n, '0'));
  const days = fc
    .tuple(fc.oneof(digits(4), digits(6)), digits(2), digits(2), fc.constantFrom('', ' BC'))
    .map(([y, m, d, era]) => ({ day: `${y}-${m}-${d}`, era }));
  const clock = fc.tuple(digits(2), digits(2), digits(2)).map(parts => parts.join(':'));
  const numbers = fc.oneof(fc.constantFrom('NaN', 'Infinity', '-Infinity'), fc.double().map(String));
  const isHeld = (decode: (cell: string) => Value, text: string): void => {
    let read: Value;
    try {
      read = decode(text);
    } catch {
      return;
    }
    expect(read).not.toBe(null);
    if (decode === date.decode) expect((read as Date).getUTCDate()).toBe(Number(/-(\d\d)(?: BC)?$/.exec(text)?.[1]));
    if (read instanceof Date) expect(Number.isNaN(read.getTime())).toBe(false);
  };
  fc.assert(
    fc.property(days, clock, numbers, ({ day, era }, at, number) => {
      isHeld(date.decode, day + era);
      isHeld(time.decode, at);
      isHeld(year.decode, day.slice(0, 4));
      isHeld(decimal(2).decode, number);
      for (const granularity of timestampGranularities)
        isHeld(timestamp(zone, { granularity, zone: utc }).decode, `${day} ${at}${era}`);
    }),
  );
});

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zoneOf } from '../../connectors/jdbc-source/values/time-zone.ts';
import {
  type TimestampGranularity,
  timestamp,
  timestampGranularities,
} from '../../connectors/jdbc-source/values/timestamps.ts';
import { schemaOf, structOf } from '../../src/api/index.ts';
import { recordsOf, rejection, TestSink } from '../integration/jdbc-sink/sink.ts';
import { openTask, propsOf, type Source, sources } from '../integration/jdbc-source/harness.ts';
import { createDatabase } from '../support/database.ts';
import { generator } from '../support/generate/index.ts';
import { Committed, payloadOf } from '../support/source-task.ts';
// Its server is started for files that name it.
import '../support/mariadb.ts';

/** timestamp.granularity of the JDBC source, timestamp.precision.mode and timestamp.fields.list of the sink. */
const draw = generator(import.meta.url);
const zone = 'Asia/Kolkata';

/** 1970 to 2200; MariaDB's timestamp ends in 2038. */
const micros = fc.bigInt({ min: 1_000_000n, max: 2_147_483_646_999_999n });
const textOf = (instant: bigint): string => {
  const iso = new Date(Number(instant / 1000n)).toISOString();
  return `${iso.slice(0, 19).replace('T', ' ')}.${String(instant % 1_000_000n).padStart(6, '0')}`;
};
const hours = 19_800_000_000n;

/** An instant in a granularity. */
const expected = (granularity: TimestampGranularity, instant: bigint): unknown => {
  const iso = textOf(instant + hours).replace(' ', 'T');
  switch (granularity) {
    case 'connect_logical':
      return Number(instant / 1000n);
    case 'micros_long':
      return Number(instant);
    case 'micros_string':
      return String(instant);
    case 'micros_iso_datetime_string':
      return iso;
    case 'nanos_long':
      return instant * 1000n;
    case 'nanos_string':
      return `${instant}000`;
    case 'nanos_iso_datetime_string':
      return `${iso}000`;
  }
};

describe.each(sources)('the JDBC source on %s', (_name, make) => {
  let db: Source;
  const instants = draw.value(fc.array(micros, { minLength: 4, maxLength: 4 }));
  beforeAll(async () => {
    db = await make();
    const [instant, local] =
      db.product === 'postgresql' ? ['timestamptz', 'timestamp'] : ['timestamp(6)', 'datetime(6)'];
    await db.run(`CREATE TABLE stamped (id int PRIMARY KEY, instant ${instant} NULL, local ${local} NULL)`);
    const zero = db.product === 'postgresql' ? '+00' : '';
    // The wall clock in db.timezone is hours ahead.
    for (const [id, at] of instants.entries())
      await db.run(`INSERT INTO stamped VALUES (${id}, '${textOf(at)}${zero}', '${textOf(at + hours)}')`);
  });
  afterAll(() => db[Symbol.asyncDispose]());

  test.each(timestampGranularities)('%s', async granularity => {
    const committed = new Committed();
    const more = { mode: 'incrementing', 'incrementing.column.name': 'id', 'table.whitelist': 'stamped' };
    await using running = await openTask(
      propsOf(db, { ...more, 'db.timezone': zone, 'timestamp.granularity': granularity }),
      committed,
    );
    await running.until(() => committed.records.length === instants.length);
    const rows = committed.records.map(record => {
      const { instant, local } = payloadOf(record);
      return [instant, local].map(value =>
        typeof value === 'number' && granularity === 'nanos_long' ? BigInt(value) : value,
      );
    });
    const rounded = (value: unknown) => (typeof value === 'bigint' ? BigInt(Number(value)) : value);
    expect(rows).toEqual(instants.map(at => Array(2).fill(rounded(expected(granularity, at)))));
  });
});

test('every instant with a four-digit year is exact in each granularity', () => {
  const utc = zoneOf('UTC');
  const any = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });
  fc.assert(
    fc.property(any, instant => {
      const seconds = instant >= 0n ? instant / 1_000_000n : -((-instant + 999_999n) / 1_000_000n);
      const fraction = String(instant - seconds * 1_000_000n).padStart(6, '0');
      const text = `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ')}.${fraction}`;
      const read = (granularity: TimestampGranularity) =>
        timestamp(utc, { granularity, zone: utc }).decode(Buffer.from(text));
      expect(read('micros_long')).toBe(instant);
      expect(read('micros_string')).toBe(String(instant));
      expect(read('nanos_string')).toBe(instant === 0n ? '0' : `${instant}000`);
      expect(read('micros_iso_datetime_string')).toBe(text.replace(' ', 'T'));
      const nanos = instant * 1000n;
      if (BigInt.asIntN(64, nanos) === nanos) expect(read('nanos_long')).toBe(nanos);
      else expect(() => read('nanos_long')).toThrow('out of the range of int64');
    }),
  );
});

test('years before Christ have no text, because the format has no era', () => {
  const utc = zoneOf('UTC');
  const format = { granularity: 'micros_iso_datetime_string', zone: utc } as const;
  expect(() => timestamp(utc, format).decode('0044-03-15 00:00:00 BC')).toThrow('years before 1');
});

test.each(['microseconds', 'nanoseconds'] as const)('the JDBC sink with timestamp.precision.mode=%s', async mode => {
  await using db = await createDatabase('instants');
  const [a, b] = draw.value(fc.tuple(micros, micros));
  const field = draw.column();
  const key = structOf({ id: schemaOf('int32') });
  const value = structOf({
    id: schemaOf('int32'),
    [field]: schemaOf('int64'),
    textual: schemaOf('string', { optional: true }),
    plain: schemaOf('int64'),
  });
  const { row } = recordsOf(key, value);
  const listed = { 'timestamp.precision.mode': mode, 'timestamp.fields.list': `${field},textual`, 'db.timezone': zone };
  const config = { ...listed, 'pk.mode': 'record_key', 'auto.create': 'true' };
  if (field.includes(',')) return;
  await using sink = await TestSink.open(db, config);
  const factor = mode === 'nanoseconds' ? 1000n : 1n;
  const number = (instant: bigint) => instant * factor + (factor === 1n ? 0n : 999n);
  await sink.write([
    row({ id: 1, [field]: number(a), textual: String(number(b)), plain: 7n }),
    row({ id: 2, [field]: number(b), textual: null, plain: 8n }),
  ]);
  const quoted = `"${field.replaceAll('"', '""')}"`;
  const rows = await db.query(
    `SELECT id, ${quoted}::text AS number, textual::text, plain::text FROM orders ORDER BY id`,
  );
  const shown = (instant: bigint) => textOf(instant + hours).replace(/\.?0+$/, '');
  expect(rows).toEqual([
    { id: 1, number: shown(a), textual: shown(b), plain: '7' },
    { id: 2, number: shown(b), textual: null, plain: '8' },
  ]);
  const wrong = row({ id: 3, [field]: 1n, textual: '2024-01-01', plain: 1n });
  expect(await rejection(sink.write([wrong]))).toMatchObject({ code: 'RECORD_INVALID' });
});

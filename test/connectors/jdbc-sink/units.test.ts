import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { toMillraceError } from '../../../connectors/jdbc-sink/protocol/failures.ts';
import { nameParts, storedName } from '../../../connectors/jdbc-sink/table/identifiers.ts';
import {
  dateText,
  daysOf,
  type Instant,
  parseInstant,
  timestampText,
} from '../../../connectors/jdbc-sink/values/calendar.ts';
import { quoteIdentifier } from '../../../src/databases/postgresql/quote.ts';
import { isConnectionLost, messageWithoutData } from '../../../src/databases/postgresql/sql-errors.ts';

describe('names', () => {
  it.each([
    ['orders', ['orders']],
    ['shop.orders', ['shop', 'orders']],
    ['a.b.c', ['a', 'b', 'c']],
    ['"a.b".c', ['a.b', 'c']],
    ['"a""b"."c"', ['a"b', 'c']],
    ['a"b', ['a"b']],
    ['"a"b', ['"a"b']],
    ['a..b', ['a..b']],
  ])('%s', (text, parts) => {
    expect(nameParts(text)).toEqual(parts);
  });

  it('quoted names are parsed to the original names', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }), parts => {
        expect(nameParts(parts.map(quoteIdentifier).join('.'))).toEqual(parts);
      }),
    );
  });

  it('names are folded and truncated like in PostgreSQL', () => {
    expect(storedName('OrderÄ', false)).toBe('orderÄ');
    expect(storedName('OrderÄ', true)).toBe('OrderÄ');
    expect(storedName('é'.repeat(40), true)).toBe('é'.repeat(31));
    expect(storedName('😀'.repeat(20), true)).toBe('😀'.repeat(15));
  });
});

describe('the calendar', () => {
  const instant: Instant = { seconds: 0, micros: 0 };
  const dates = fc.date({ min: new Date(-8.64e15), max: new Date(8.64e15), noInvalidDate: true });

  it('counts the same days as Date', () => {
    fc.assert(
      fc.property(dates, date => {
        const days = Math.floor(date.getTime() / 86_400_000);
        expect(daysOf(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())).toBe(days);
        const year = date.getUTCFullYear();
        const { date: text, era } = dateText(days);
        expect(text).toMatch(new RegExp(`^${String(year > 0 ? year : 1 - year).padStart(4, '0')}-`));
        expect(era).toBe(year > 0 ? '' : ' BC');
      }),
    );
  });

  it('parses the output of toISOString with any offset', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true }),
        fc.integer({ min: -18 * 60, max: 18 * 60 }),
        (date, offset) => {
          expect(parseInstant(date.toISOString(), instant)).toBe(true);
          expect(instant.seconds * 1000 + instant.micros / 1000).toBe(date.getTime());
          const minutes = String(Math.abs(offset) % 60).padStart(2, '0');
          const zone = `${offset < 0 ? '-' : '+'}${String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0')}:${minutes}`;
          expect(
            parseInstant(new Date(date.getTime() + offset * 60_000).toISOString().replace('Z', zone), instant),
          ).toBe(true);
          expect(instant.seconds * 1000 + instant.micros / 1000).toBe(date.getTime());
        },
      ),
    );
  });

  it.each([
    '',
    '2026-01-01',
    '2026-13-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:00',
    '2026-01-01T00:00:0xZ',
    '2026-01-01T00:00:00.12xZ',
    '202x-01-01T00:00:00Z',
    '2026-0:-01T00:00:00Z',
    '2026-01-01T00-00:00Z',
    '2026-01-01T00:00:00,1Z',
  ])('rejects %o', text => {
    expect(parseInstant(text, instant)).toBe(false);
  });

  it('prints microseconds before 1970', () => {
    expect(timestampText(-1n)).toBe('1969-12-31 23:59:59.999999');
  });
});

describe('errors of the database', () => {
  function raised(code: string, message: string, severity = 'ERROR'): Error {
    return Object.assign(new pg.DatabaseError(message, message.length, 'error'), { code, severity });
  }

  it.each([
    ['08006', 'SINK_UNAVAILABLE'],
    ['40001', 'SINK_UNAVAILABLE'],
    ['40P01', 'SINK_UNAVAILABLE'],
    ['53300', 'SINK_UNAVAILABLE'],
    ['55P03', 'SINK_UNAVAILABLE'],
    ['57P01', 'SINK_UNAVAILABLE'],
    ['57P03', 'SINK_UNAVAILABLE'],
    ['25006', 'SINK_UNAVAILABLE'],
    ['28P01', 'SINK_SETUP'],
    ['3D000', 'SINK_SETUP'],
    ['42501', 'SINK_SETUP'],
    ['42P01', 'SINK_SCHEMA'],
    ['0A000', 'SINK_SCHEMA'],
  ])('%s is %s', (code, expected) => {
    expect(toMillraceError(raised(code, 'm'), 'writing')).toMatchObject({
      code: expected,
      message: expect.stringContaining(code),
    });
  });

  it('connection errors are retriable, certificate errors are not', () => {
    for (const code of ['ECONNRESET', 'ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE'])
      expect(toMillraceError(Object.assign(new Error('m'), { code }), 'connecting')).toMatchObject({
        code: 'SINK_UNAVAILABLE',
      });
    expect(
      toMillraceError(Object.assign(new Error('m'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'connecting'),
    ).toMatchObject({ code: 'SINK_SETUP' });
    expect(isConnectionLost(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isConnectionLost(raised('57P01', 'm', 'FATAL'))).toBe(true);
    expect(isConnectionLost(raised('23505', 'm'))).toBe(false);
  });

  it('messages about rejected data do not contain the data', () => {
    expect(messageWithoutData(raised('22P02', 'invalid input syntax for type uuid: "secret\nthing"'))).toBe(
      'invalid input syntax for type uuid (SQLSTATE 22P02)',
    );
    expect(
      messageWithoutData(raised('23505', 'duplicate key value violates unique constraint "orders_pkey"')),
    ).toContain('"orders_pkey"');
  });
});

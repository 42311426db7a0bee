import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTable, type Table } from '../../../connectors/postgresql/catalog/table-schema.ts';
import { lsnOf } from '../../../connectors/postgresql/position/lsn.ts';
import { PostgresSource } from '../../../connectors/postgresql/source-info.ts';
import { TupleReader } from '../../../connectors/postgresql/stream/pgoutput.ts';
import type { Schema, Struct, Value } from '../../../src/api/index.ts';
import { Bytes, isStruct, ValueStruct } from '../../../src/api/index.ts';
import { Envelope, type Operation } from '../../../src/cdc/record/envelope.ts';
import { readTimeNow } from '../../../src/cdc/record/read-time.ts';
import { ColumnOffsets, IS_UNCHANGED, KeyStruct, RowStruct } from '../../../src/cdc/record/row-struct.ts';
import { converter } from '../../converters/neutral.ts';
import * as pg from './pg-text.ts';
import { type Cell, describeTable, settings, tuple } from './tuples.ts';
import { types } from './types.ts';

const plain = converter({ 'schemas.enable': 'false' });

/** Copies the values into structs that have no JSON of their own. */
function copy(struct: Struct): ValueStruct {
  return new ValueStruct(
    struct.schema,
    struct.schema.fields.map((_, i) => {
      const value = struct.at(i);
      return isStruct(value) ? copy(value) : value;
    }),
  );
}

function json(schema: Schema, value: Value): unknown {
  const out = new Bytes(1);
  plain.fromConnect('t', schema, value, out);
  const revive = (_key: string, read: unknown, { source }: { source: string }) =>
    typeof read === 'number' && !Number.isSafeInteger(read) ? source : read;
  return JSON.parse(out.take().toString(), revive as (key: string, value: unknown) => unknown);
}

const reader = new TupleReader(new ColumnOffsets());

function row(table: Table, cells: readonly Cell[], before: RowStruct | null = null): RowStruct {
  const bytes = tuple(cells);
  expect(reader.read(bytes, 0)).toBe(bytes.length);
  return new RowStruct(table.row, bytes, reader.page, reader.base, before);
}

const columns = [
  { name: 'id', type: 'int8' },
  { name: 'status "x"', type: 'text', notNull: true, default: "'new'::text" },
  { name: 'note', type: 'text' },
  { name: 'amount', type: 'numeric', typmod: (12 << 16) + 2 + 4 },
  { name: 'at', type: 'timestamptz', notNull: true },
  { name: 'n', type: 'int4', default: '7' },
  { name: 'raw', type: 'bytea' },
] as const;

const { relation, facts } = describeTable(columns, ['id']);
const table = buildTable(relation, facts, types, settings);

const cells = fc.tuple(
  pg.int64,
  pg.text,
  fc.option(pg.text, { nil: null }),
  fc.option(pg.numeric(2), { nil: null }),
  pg.timestamptz,
  fc.option(pg.int32, { nil: null }),
  fc.option(pg.bytea, { nil: null }),
);
/** The key columns only, like in the message of a deletion. */
const keyCells = pg.int64.map((id): Cell[] => [id, null, null, null, null, null, null]);
const unchanged = cells.map((all): Cell[] => all.map((cell, i) => (i === 1 || i === 2 || i === 6 ? undefined : cell)));

const origin = fc
  .record({
    micros: fc.integer({ min: 1, max: 2 ** 50 }),
    txId: fc.option(fc.nat(), { nil: null }),
    previousCommit: fc.option(fc.nat(2 ** 50).map(lsnOf), { nil: null }),
  })
  .map(options => new PostgresSource({ names: settings.names, ...options }));

const shapes: readonly (readonly [
  Operation,
  fc.Arbitrary<readonly [before: RowStruct | null, after: RowStruct | null]>,
])[] = [
  ['c', cells.map(all => [null, row(table, all)] as const)],
  ['r', cells.map(all => [null, row(table, all)] as const)],
  ['u', unchanged.map(all => [null, row(table, all)] as const)],
  [
    'u',
    fc.tuple(cells, unchanged).map(([old, all]) => {
      const before = row(table, old);
      return [before, row(table, all, before)] as const;
    }),
  ],
  ['d', keyCells.map(key => [row(table, key), null] as const)],
  ['t', fc.constant([null, null] as const)],
];

describe('an envelope writes the JSON that JsonConverter writes for its values', () => {
  test.each(shapes)('%s', (op, rows) => {
    fc.assert(
      fc.property(rows, origin, fc.nat(2 ** 50), fc.boolean(), ([before, after], from, lsn, ordered) => {
        const envelope = new Envelope(table, op, before, after, from, lsn, readTimeNow());
        if (ordered) envelope.order = { id: `${from.txId}:${lsn}`, total: 3, inCollection: 2 };
        expect(json(table.envelope, envelope)).toEqual(json(table.envelope, copy(envelope)));
        const key = table.key;
        const keyed = before ?? after;
        if (key === null || keyed === null) return;
        const struct = new KeyStruct(key, keyed);
        expect(json(key.schema, struct)).toEqual(json(key.schema, copy(struct)));
      }),
      { numRuns: 100 },
    );
  });
});

describe('rows', () => {
  const value = (struct: RowStruct, name: string): Value =>
    struct.at(table.row.fields.findIndex(field => field.name === name));

  test('a deleted row has its key, declared defaults, and the zero value of each other NOT NULL column', () => {
    const deleted = row(table, ['5', null, null, null, null, null, null]);
    expect(json(table.row.schema, deleted)).toEqual({
      id: 5,
      'status "x"': 'new',
      note: null,
      amount: null,
      at: '1970-01-01T00:00:00Z',
      n: 7,
      raw: null,
    });
    expect(value(deleted, 'n')).toBeNull();
  });

  test('unchanged columns of an update come from the old row if the server sent it', () => {
    const before = row(table, ['5', 'old', 'long', null, '2026-01-01 00:00:00+00', null, '\\x01']);
    const after = row(table, ['5', undefined, undefined, null, '2026-01-01 00:00:00+00', null, undefined], before);
    expect(value(after, 'note')).toBe('long');
    expect(value(after, 'raw')).toEqual(Buffer.from([1]));
  });

  test('unchanged columns without an old row are the placeholder', () => {
    const after = row(table, ['5', undefined, undefined, null, '2026-01-01 00:00:00+00', null, undefined]);
    expect(after.start(2)).toBe(IS_UNCHANGED);
    expect(value(after, 'note')).toBe('__unavailable');
    expect(value(after, 'status "x"')).toBe('__unavailable');
    expect(value(after, 'raw')).toEqual(Buffer.from('__unavailable'));
  });

  test('NaN in a NOT NULL column of precise decimals is an error of the record', () => {
    const strict = describeTable(
      [
        { name: 'id', type: 'int4' },
        { name: 'n', type: 'numeric', typmod: (5 << 16) + 6, notNull: true },
      ],
      ['id'],
    );
    const strictTable = buildTable(strict.relation, strict.facts, types, settings);
    expect(() => json(strictTable.row.schema, row(strictTable, ['1', 'NaN']))).toThrow(/column n is NOT NULL/);
  });
});

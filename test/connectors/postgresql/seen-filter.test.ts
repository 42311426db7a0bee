import { describe, expect, test } from 'vitest';
import { buildTable } from '../../../connectors/postgresql/catalog/table-schema.ts';
import { lsnOf } from '../../../connectors/postgresql/position/lsn.ts';
import { Sql } from '../../../connectors/postgresql/session/sql.ts';
import type { PostgresChunk } from '../../../connectors/postgresql/snapshot/chunk.ts';
import { SeenFilter } from '../../../connectors/postgresql/snapshot/seen-filter.ts';
import { parseVisibility } from '../../../connectors/postgresql/snapshot/visibility.ts';
import { TupleReader } from '../../../connectors/postgresql/stream/pgoutput.ts';
import { ColumnOffsets, RowStruct } from '../../../src/cdc/record/row-struct.ts';
import { describeTable, settings, tuple } from './tuples.ts';
import { types } from './types.ts';

const { relation, facts } = describeTable([{ name: 'id', type: 'int4' }], ['id']);
const table = buildTable(relation, facts, types, settings);
/** Integer keys are compared without a session, so none is opened. */
const sql = new Sql({} as never, { applicationName: 'none' });
const reader = new TupleReader(new ColumnOffsets());

function row(id: number): RowStruct {
  const bytes = tuple([String(id)]);
  reader.read(bytes, 0);
  return new RowStruct(table.row, bytes, reader.page, reader.base, null);
}

const chunk = (number: number, lo: number | null, hi: number | null, snapshot: string, lsn: number): PostgresChunk => ({
  table: 'public.orders',
  number,
  identity: { oid: 1, key: facts.columns, file: 0, publication: null },
  lo: lo === null ? null : [String(lo)],
  hi: hi === null ? null : [String(hi)],
  snapshot,
  visibility: parseVisibility(snapshot),
  lsn: lsnOf(lsn),
  rows: 1,
  again: false,
});

/** Chunks up to 10, 20, 30 and the rest; another reader read the third one first. */
const chunks = [
  chunk(0, null, 10, '100:100:', 1000),
  chunk(1, 10, 20, '110:120:115', 2000),
  chunk(3, 20, 30, '90:90:', 900),
  chunk(2, 30, null, '130:130:', 3000),
];
const filter = () => new SeenFilter(sql, new Map([['public.orders', { key: facts.columns, chunks }]]));

describe('changes that a chunk contains', () => {
  test.each([
    // Before and after all chunks.
    [89, [true, true, true, true]],
    [130, [false, false, false, false]],
    // Contained in some chunks: the chunk of the key decides.
    [95, [true, true, false, true]],
    [105, [false, true, false, true]],
    [115, [false, false, false, true]],
    [116, [false, true, false, true]],
    [125, [false, false, false, true]],
  ])('transaction %i', (xid, seen) => {
    const one = filter();
    expect([1, 10, 11, 20, 21, 30, 31].map(id => one.decide(table, xid, row(id)))).toEqual(
      [0, 0, 1, 1, 2, 2, 3].map(index => seen[index]),
    );
  });

  test('the filter ends at the LSN of the last chunk', () => expect(filter().end).toBe(3000));

  test('other tables have none', () => {
    expect(filter().decide({ ...table, id: 'public.other' }, 1, row(1))).toBe(false);
  });

  test('a TRUNCATE that all chunks contain is skipped; after one that only some contain, all changes are kept', () => {
    const one = filter();
    expect(one.decideTruncate(table, 80)).toBe(true);
    expect(one.decide(table, 105, row(15))).toBe(true);
    expect(one.decideTruncate(table, 105)).toBe(false);
    expect(one.decide(table, 106, row(15))).toBe(false);
  });
});

import type { SourceRecord } from '../../src/api/index.ts';
import { Envelope } from '../../src/cdc/record/envelope.ts';
import type { RowStruct } from '../../src/cdc/record/row-struct.ts';
import { quoteIdentifier, quoteTable } from '../../src/databases/postgresql/quote.ts';
import { formatLsn, type Lsn } from './position/lsn.ts';

const CHANGES = { c: 'an inserted', u: 'an updated', d: 'a deleted', r: 'a', t: 'a' } as const;

/**
 * Describes the row of a record that cannot be written, without values: table, columns of its key, largest column.
 * undefined for a record that is not of a row.
 */
export function describePlace({ value, keySchema }: SourceRecord): string | undefined {
  if (!(value instanceof Envelope)) return undefined;
  const { table, op, before, after, position } = value as Envelope<Lsn>;
  const row = after ?? before;
  const fields = keySchema?.type === 'struct' ? keySchema.fields.map(({ name }) => name) : [];
  const key = fields.length === 0 ? 'no key' : `the key (${fields.map(quoteIdentifier).join(', ')})`;
  const largest = row === null ? '' : largestColumn(row);
  return `${CHANGES[op]} row of table ${quoteTable(table.schema, table.name)}, which has ${key}, at LSN ${formatLsn(position)}${largest}`;
}

function largestColumn(row: RowStruct): string {
  const sizes = row.schema.fields.map(({ name }, i) => ({
    name,
    bytes: row.start(i) < 0 ? 0 : row.end(i) - row.start(i),
  }));
  const [first] = sizes.sort((a, b) => b.bytes - a.bytes);
  return first === undefined ? '' : ` (its largest column, ${quoteIdentifier(first.name)}, has ${first.bytes} bytes)`;
}

import type { Column } from '../table/catalogue.ts';
import { quote } from '../table/identifiers.ts';
import type { Encoder } from '../values/encoder.ts';

/**
 * Statements over arrays, one parameter for each column. `SELECT unnest($1), unnest($2)` walks its arrays side by side
 * without storing them, which `FROM unnest($1, $2)` does.
 */
export interface SqlColumn {
  readonly column: Column;
  readonly encoder: Encoder;
  readonly key: boolean;
}

/** The parameter as values of the column's type: a cast without length, so that too long a text is an error, not cut. */
function values({ column, encoder }: SqlColumn, parameter: number): string {
  const unnested = `unnest($${parameter})`;
  return encoder.wire.name === column.type ? unnested : `(${unnested})::${column.cast}`;
}

const select = (columns: readonly SqlColumn[]): string =>
  `SELECT ${columns.map((column, i) => values(column, i + 1)).join(', ')}`;

/** The parameters as a relation `n` with the columns c1, c2, … */
const relation = (columns: readonly SqlColumn[]): string =>
  `(SELECT ${columns.map((column, i) => `${values(column, i + 1)} AS c${i + 1}`).join(', ')}) n`;

const name = ({ column }: SqlColumn): string => quote(column.name);

function into(table: string, columns: readonly SqlColumn[]): string {
  const overriding = columns.some(({ column }) => column.identityAlways) ? ' OVERRIDING SYSTEM VALUE' : '';
  return `INSERT INTO ${table} (${columns.map(name).join(', ')})${overriding}`;
}

/** What an update may set: identities that are always generated keep their value. */
const settable = (columns: readonly SqlColumn[]): readonly SqlColumn[] =>
  columns.filter(({ key, column }) => !key && !column.identityAlways);

export const insertSql = (table: string, columns: readonly SqlColumn[]): string =>
  `${into(table, columns)} ${select(columns)}`;

/** kept: columns that keep what the destination's row has; null in a new row. */
export function upsertSql(table: string, columns: readonly SqlColumn[], kept: readonly SqlColumn[]): string {
  const set = settable(columns).map(column => `${name(column)} = excluded.${name(column)}`);
  const target = columns.filter(({ key }) => key).map(name);
  const action = set.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${set.join(', ')}`;
  const conflict = `ON CONFLICT (${target.join(', ')}) ${action}`;
  if (kept.length === 0) return `${into(table, columns)} ${select(columns)} ${conflict}`;
  // NOT NULL is checked before the conflict is: the row put forward has to hold the old values.
  const places = columns.map((_column, i) => `n.c${i + 1}`);
  const old = kept.map(column => `o.${name(column)}`);
  return (
    `${into(table, [...columns, ...kept])} SELECT ${[...places, ...old].join(', ')} ` +
    `FROM ${relation(columns)} LEFT JOIN ${table} o ON ${matching(columns)} ${conflict}`
  );
}

export function updateSql(table: string, columns: readonly SqlColumn[]): string | null {
  const set = settable(columns).map(column => `${name(column)} = n.c${columns.indexOf(column) + 1}`);
  if (set.length === 0) return null;
  return `UPDATE ${table} o SET ${set.join(', ')} FROM ${relation(columns)} WHERE ${matching(columns)}`;
}

export const deleteSql = (table: string, columns: readonly SqlColumn[]): string =>
  `DELETE FROM ${table} o USING ${relation(columns)} WHERE ${matching(columns)}`;

const matching = (columns: readonly SqlColumn[]): string =>
  columns.flatMap((column, i) => (column.key ? [`o.${name(column)} = n.c${i + 1}`] : [])).join(' AND ');

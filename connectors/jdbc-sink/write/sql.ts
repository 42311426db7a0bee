import { quoteIdentifier } from '../../../src/databases/postgresql/quote.ts';
import type { Column } from '../table/catalogue.ts';
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

const name = ({ column }: SqlColumn): string => quoteIdentifier(column.name);

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

const pairs = (keys: readonly SqlColumn[]): string => {
  const n = keys.length;
  const columns = keys.map((key, i) => `${values(key, i + 1)} AS c${i + 1}, ${values(key, n + i + 1)} AS d${i + 1}`);
  return `(SELECT ${columns.join(', ')}) n`;
};

/**
 * How a key change is applied. `move`: the row's key is updated. `copy`: the row is copied to the new key, and its delete event
 * is processed elsewhere. `replace`: as `copy`, over a row that is there (deletes are disabled).
 */
export type Rekeying = 'move' | 'copy' | 'replace';

/**
 * Rows under new keys; but for `replace`, not over rows that are there. Parameters are the columns of the old keys, then
 * those of the new ones. columns: all of the table but generated ones.
 */
export function rekeySql(
  table: string,
  keys: readonly SqlColumn[],
  columns: readonly Column[],
  rekeying: Rekeying,
): string {
  const names = columns.map(column => quoteIdentifier(column.name));
  const target = `INSERT INTO ${table} (${names.join(', ')}) OVERRIDING SYSTEM VALUE`;
  const keyOf = (column: Column) => keys.findIndex(key => key.column === column);
  const places = columns.map((column, i) => (keyOf(column) < 0 ? `o.${names[i]}` : `n.d${keyOf(column) + 1}`));
  const set = columns.flatMap((column, i) =>
    keyOf(column) >= 0 || column.identityAlways ? [] : [`${names[i]} = excluded.${names[i]}`],
  );
  const action = rekeying === 'replace' && set.length > 0 ? `DO UPDATE SET ${set.join(', ')}` : 'DO NOTHING';
  const conflict = `ON CONFLICT (${keys.map(name).join(', ')}) ${action}`;
  const from = `${pairs(keys)} WHERE ${matching(keys)}`;
  if (rekeying !== 'move') return `${target} SELECT ${places.join(', ')} FROM ${table} o, ${from} ${conflict}`;
  const returned = places.map((place, i) => `${place} AS c${i + 1}`).join(', ');
  const all = columns.map((_column, i) => `m.c${i + 1}`).join(', ');
  return `WITH m AS (DELETE FROM ${table} o USING ${from} RETURNING ${returned}) ${target} SELECT ${all} FROM m ${conflict}`;
}

const matching = (columns: readonly SqlColumn[]): string =>
  columns.flatMap((column, i) => (column.key ? [`o.${name(column)} = n.c${i + 1}`] : [])).join(' AND ');

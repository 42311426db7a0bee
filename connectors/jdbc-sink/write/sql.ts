import { quoteIdentifier } from '../../../src/databases/postgresql/quote.ts';
import type { Column } from '../table/catalogue.ts';
import type { Encoder } from '../values/encoder.ts';

/**
 * A column of statements over arrays, which have one parameter for each column. `SELECT unnest($1), unnest($2)` iterates
 * over its arrays in parallel; `FROM unnest($1, $2)` would materialize them.
 */
export interface SqlColumn {
  readonly column: Column;
  readonly encoder: Encoder;
  readonly key: boolean;
}

/** Values of a parameter in the column's type. The cast has no length, so that text that is too long is an error. */
function valuesSql({ column, encoder }: SqlColumn, parameter: number): string {
  const unnested = `unnest($${parameter})`;
  return encoder.wire.name === column.type ? unnested : `(${unnested})::${column.cast}`;
}

const selectSql = (columns: readonly SqlColumn[]): string =>
  `SELECT ${columns.map((column, i) => valuesSql(column, i + 1)).join(', ')}`;

/** Relation `n` of the parameters, with the columns c1, c2, … */
const relationSql = (columns: readonly SqlColumn[]): string =>
  `(SELECT ${columns.map((column, i) => `${valuesSql(column, i + 1)} AS c${i + 1}`).join(', ')}) n`;

const quotedName = ({ column }: SqlColumn): string => quoteIdentifier(column.name);

function insertIntoSql(table: string, columns: readonly SqlColumn[]): string {
  const overriding = columns.some(({ column }) => column.identityAlways) ? ' OVERRIDING SYSTEM VALUE' : '';
  return `INSERT INTO ${table} (${columns.map(quotedName).join(', ')})${overriding}`;
}

/** Columns that an update may set. GENERATED ALWAYS identities keep their values. */
const updatableColumns = (columns: readonly SqlColumn[]): readonly SqlColumn[] =>
  columns.filter(({ key, column }) => !key && !column.identityAlways);

export const insertSql = (table: string, columns: readonly SqlColumn[]): string =>
  `${insertIntoSql(table, columns)} ${selectSql(columns)}`;

/** unchanged: columns that keep the values of an existing row, and are null in a new one. */
export function upsertSql(table: string, columns: readonly SqlColumn[], unchanged: readonly SqlColumn[]): string {
  const set = updatableColumns(columns).map(column => `${quotedName(column)} = excluded.${quotedName(column)}`);
  const target = columns.filter(({ key }) => key).map(quotedName);
  const action = set.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${set.join(', ')}`;
  const conflict = `ON CONFLICT (${target.join(', ')}) ${action}`;
  if (unchanged.length === 0) return `${insertIntoSql(table, columns)} ${selectSql(columns)} ${conflict}`;
  // NOT NULL is checked before the conflict: the proposed row needs the old values.
  const places = columns.map((_column, i) => `n.c${i + 1}`);
  const old = unchanged.map(column => `o.${quotedName(column)}`);
  return (
    `${insertIntoSql(table, [...columns, ...unchanged])} SELECT ${[...places, ...old].join(', ')} ` +
    `FROM ${relationSql(columns)} LEFT JOIN ${table} o ON ${keyConditionSql(columns)} ${conflict}`
  );
}

export function updateSql(table: string, columns: readonly SqlColumn[]): string | null {
  const set = updatableColumns(columns).map(column => `${quotedName(column)} = n.c${columns.indexOf(column) + 1}`);
  if (set.length === 0) return null;
  return `UPDATE ${table} o SET ${set.join(', ')} FROM ${relationSql(columns)} WHERE ${keyConditionSql(columns)}`;
}

export const deleteSql = (table: string, columns: readonly SqlColumn[]): string =>
  `DELETE FROM ${table} o USING ${relationSql(columns)} WHERE ${keyConditionSql(columns)}`;

const keyPairsSql = (keys: readonly SqlColumn[]): string => {
  const n = keys.length;
  const columns = keys.map(
    (key, i) => `${valuesSql(key, i + 1)} AS c${i + 1}, ${valuesSql(key, n + i + 1)} AS d${i + 1}`,
  );
  return `(SELECT ${columns.join(', ')}) n`;
};

/**
 * Ways to apply a key change. `move`: updates the row's key. `copy`: copies the row to the new key; its delete event is
 * processed separately. `replace`: copies over an existing row, as deletes are disabled.
 */
export type Rekeying = 'move' | 'copy' | 'replace';

/**
 * Statement that gives rows new keys; only `replace` overwrites existing rows. Parameters: the columns of the old keys, then
 * those of the new keys. columns: all columns of the table that are not generated.
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
  const conflict = `ON CONFLICT (${keys.map(quotedName).join(', ')}) ${action}`;
  const from = `${keyPairsSql(keys)} WHERE ${keyConditionSql(keys)}`;
  if (rekeying !== 'move') return `${target} SELECT ${places.join(', ')} FROM ${table} o, ${from} ${conflict}`;
  const returned = places.map((place, i) => `${place} AS c${i + 1}`).join(', ');
  const all = columns.map((_column, i) => `m.c${i + 1}`).join(', ');
  return `WITH m AS (DELETE FROM ${table} o USING ${from} RETURNING ${returned}) ${target} SELECT ${all} FROM m ${conflict}`;
}

const keyConditionSql = (columns: readonly SqlColumn[]): string =>
  columns.flatMap((column, i) => (column.key ? [`o.${quotedName(column)} = n.c${i + 1}`] : [])).join(' AND ');

import type { Range } from '../../../src/cdc/snapshot/chunk.ts';
import { quoteIdentifier, quoteLiteral, quoteTable } from '../../../src/databases/postgresql/quote.ts';
import type { TableFacts } from '../catalog/relation.ts';
import type { StoredPostgresChunk } from './chunk.ts';
import { comparison } from './order.ts';
import type { PostgresTableVersion } from './table-version.ts';
import { visibleIn } from './visibility.ts';

/** A range of a table to read. */
export interface ChunkQuery {
  readonly version: PostgresTableVersion;
  /** SELECT of `snapshot.select.statement.overrides`. */
  readonly override: string | null;
  readonly range: Range;
  /** See TableProgress.interrupted. */
  readonly interrupted: StoredPostgresChunk | null;
  /** See Catalog.tableVersion. */
  readonly tableVersion: string;
}

/** Selects the key of row number `rows` of the range, and the next one. */
export function boundQuery(query: Omit<ChunkQuery, 'interrupted' | 'tableVersion'>, rows: number): string {
  const keys = keyList(query.version);
  return `SELECT ${keys} FROM ${source(query)}${where(conditions(query))} ORDER BY ${keys} OFFSET ${rows - 1} LIMIT 2`;
}

/**
 * Begins the transaction and opens its cursor; the first row says what it sees. The lock keeps the table from being
 * rewritten or truncated under the snapshot, which would then miss its rows.
 */
export function openQuery(query: ChunkQuery): string {
  const { schema, table } = query.version.facts;
  const name = quoteTable(schema, table);
  return (
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE ${name} IN ACCESS SHARE MODE; ` +
    `SELECT pg_current_snapshot()::text, pg_current_wal_insert_lsn()::text, ` +
    `(extract(epoch FROM clock_timestamp()) * 1000000)::int8::text, ${query.tableVersion} ` +
    `FROM pg_class c WHERE c.oid = ${quoteLiteral(name)}::regclass; ${declare(query)}`
  );
}

function declare(query: ChunkQuery): string {
  const { version, override, interrupted } = query;
  const columns = version.table.row.fields.map(({ name }) => `t.${quoteIdentifier(name)}`);
  const conditionList = conditions(query);
  const keyless = version.identity.key === null;
  if (keyless) {
    if (override === null) columns.push('t.ctid');
    // The stream has the rows that were added after the interruption.
    if (interrupted !== null) conditionList.push(visibleIn('t.xmin', quoteLiteral(interrupted.snapshot)));
  }
  const order = keyless ? '' : ` ORDER BY ${keyList(version)}`;
  return `DECLARE rows NO SCROLL CURSOR FOR SELECT ${columns.join(', ')} FROM ${source(query)}${where(conditionList)}${order}`;
}

/** `FROM` of the rows, named t. */
const source = ({ version, override }: Pick<ChunkQuery, 'version' | 'override'>): string =>
  override === null ? rowsOf(version.facts) : `(${override}) t`;

/** `FROM` of all rows of a table, named t. */
export const rowsOf = ({ schema, table, partitioned }: TableFacts): string =>
  `${partitioned ? '' : 'ONLY '}${quoteTable(schema, table)} t`;

/** Conditions on a table's rows that the publication sets. */
export function publishedOnly({ publication }: TableFacts): string[] {
  const rowFilter = publication?.rowFilter ?? null;
  return rowFilter === null ? [] : [`(${rowFilter})`];
}

function conditions({ version, range: { lo, hi } }: Pick<ChunkQuery, 'version' | 'range'>): string[] {
  const { key } = version.identity;
  const published = publishedOnly(version.facts);
  if (key === null) return [...(lo === null ? [] : [`t.ctid > ${quoteLiteral(lo[0] ?? '')}`]), ...published];
  return [
    ...published,
    ...(lo === null ? [] : [comparison(key, '>', lo)]),
    ...(hi === null ? [] : [comparison(key, '<=', hi)]),
  ];
}

const keyList = ({ identity }: PostgresTableVersion): string =>
  (identity.key ?? []).map(({ name }) => `t.${quoteIdentifier(name)}`).join(', ');

const where = (conditionList: readonly string[]): string =>
  conditionList.length === 0 ? '' : ` WHERE ${conditionList.join(' AND ')}`;

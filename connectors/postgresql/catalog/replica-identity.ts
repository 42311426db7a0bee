import type { Log, SourceTaskContext } from '../../../src/api/index.ts';
import { quoteTable } from '../../../src/databases/postgresql/quote.ts';
import type { Sql } from '../session/sql.ts';
import type { Relation } from './relation.ts';

/** Names of tables in one message. */
const MOST_NAMES = 20;
/** Name of a figure in the connector's status. */
const MOST_NAMES_IN_STATUS = 3;

/**
 * Published tables, partitions each for itself, whose changes and deletions are published and of which no column is in the
 * replica identity: the server refuses to update or delete their rows.
 */
const WITHOUT_IDENTITY = `
SELECT n.nspname AS schema, c.relname AS table
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relreplident <> 'f' AND NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
      AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)
  AND c.oid IN (
    SELECT leaf.relid FROM pg_publication p
    JOIN pg_publication_tables v ON v.pubname = p.pubname
    JOIN pg_namespace vn ON vn.nspname = v.schemaname
    JOIN pg_class vc ON vc.relnamespace = vn.oid AND vc.relname = v.tablename
    CROSS JOIN LATERAL (SELECT vc.oid AS relid UNION SELECT t.relid::oid FROM pg_partition_tree(vc.oid) t) leaf
    WHERE p.pubname = $1 AND (p.pubupdate OR p.pubdelete))
ORDER BY 1, 2`;

/** Names of the columns of table `relid` whose numbers are in `numbers`, SQL of each. */
const namesOf = (relid: string, numbers: string): string =>
  `(SELECT coalesce(array_agg(a.attname), '{}') FROM pg_attribute a WHERE a.attrelid = ${relid} AND a.attnum IN (${numbers}))`;

/**
 * The same for tables with a column list that leaves out a column of the replica identity, or a row filter on other columns
 * than that. Of the root's, where partitions are published as it. PostgreSQL 15 and later.
 */
const NOT_COVERED = `
SELECT n.nspname AS schema, c.relname AS table
FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid
CROSS JOIN LATERAL (
  SELECT r.prrelid AS relid UNION SELECT t.relid::oid FROM pg_partition_tree(r.prrelid) t WHERE p.pubviaroot) leaf
JOIN pg_class c ON c.oid = leaf.relid JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT
  ${namesOf('r.prrelid', 'SELECT unnest(r.prattrs)')} AS list,
  ${namesOf('r.prrelid', "SELECT (regexp_matches(r.prqual::text, ':varattno (\\d+)', 'g'))[1]::int2")} AS filtered,
  ${namesOf(
    'c.oid',
    `SELECT unnest(i.indkey) FROM pg_index i WHERE i.indrelid = c.oid AND i.indimmediate
    AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END`,
  )} AS identity) names
WHERE p.pubname = $1 AND (p.pubupdate OR p.pubdelete) AND c.relkind = 'r' AND (
  (r.prattrs IS NOT NULL AND (c.relreplident = 'f' OR NOT names.identity <@ names.list))
  OR (c.relreplident <> 'f' AND NOT names.filtered <@ names.identity))
ORDER BY 1, 2`;
const NOT_COVERED_SINCE = 150_000;

export interface IdentityCheckSettings {
  readonly sql: Sql;
  /** publication.name */
  readonly publication: string;
  /** server_version_num */
  readonly serverVersion: number;
  readonly log: Log;
  readonly report: SourceTaskContext['report'];
}

/** Warns of published tables that applications can no longer update: not only captured ones, and later ones too. */
export class IdentityCheck {
  readonly #settings: IdentityCheckSettings;
  readonly #known = new Set<string>();
  #isReported = false;

  constructor(settings: IdentityCheckSettings) {
    this.#settings = settings;
  }

  async run(): Promise<void> {
    const { publication, serverVersion, log, report } = this.#settings;
    const names = await this.#names(WITHOUT_IDENTITY);
    const cut = serverVersion < NOT_COVERED_SINCE ? [] : await this.#names(NOT_COVERED);
    this.#warnOfParts(cut.filter(name => !names.includes(name)));
    if (names.length > 0 || this.#isReported) report({ TablesWithoutReplicaIdentity: statusText(names) });
    this.#isReported = names.length > 0;
    const fresh = names.filter(name => !this.#known.has(name));
    for (const name of fresh) this.#known.add(name);
    if (fresh.length === 0) return;
    log.warn(
      { publication, tables: fresh.slice(0, MOST_NAMES), count: fresh.length },
      'PostgreSQL refuses UPDATE and DELETE of these published tables, as they have no replica identity: give each a ' +
        `primary key, or run ${statements(fresh)}; or leave them out of the publication`,
    );
  }

  async #names(query: string): Promise<string[]> {
    const { sql, publication } = this.#settings;
    const rows = await sql.query<{ schema: string; table: string }>(
      'looking for published tables without a replica identity',
      query,
      [publication],
    );
    return rows.map(({ schema, table }) => quoteTable(schema, table));
  }

  #warnOfParts(names: readonly string[]): void {
    const { publication, log } = this.#settings;
    const fresh = names.filter(name => !this.#known.has(name));
    for (const name of fresh) this.#known.add(name);
    if (fresh.length === 0) return;
    log.warn(
      { publication, tables: fresh.slice(0, MOST_NAMES), count: fresh.length },
      'PostgreSQL refuses UPDATE and DELETE of these published tables: the column list must have all columns of the replica ' +
        'identity, and the row filter may use no others (with a row filter alone: ALTER TABLE … REPLICA IDENTITY FULL)',
    );
  }

  /** The stream speaks of a table for the first time, or it was altered. */
  async described({ schema, table, columns }: Relation): Promise<void> {
    if (columns.some(({ identity }) => identity) || this.#known.has(quoteTable(schema, table))) return;
    await this.run();
  }
}

const statements = (names: readonly string[], most = MOST_NAMES): string =>
  names
    .slice(0, most)
    .map(name => `ALTER TABLE ${name} REPLICA IDENTITY FULL;`)
    .join(' ');

function statusText(names: readonly string[]): string {
  const more = names.length - MOST_NAMES_IN_STATUS;
  return `${names.length}${names.length === 0 ? '' : `: ${statements(names, MOST_NAMES_IN_STATUS)}`}${more > 0 ? ` and ${more} more` : ''}`;
}

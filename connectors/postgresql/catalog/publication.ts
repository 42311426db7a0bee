import type { Log } from '../../../src/api/index.ts';
import { quoteIdentifier, quoteTable } from '../../../src/databases/postgresql/quote.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Sql } from '../session/sql.ts';
import type { TableFacts } from './relation.ts';

/** `publication.autocreate.mode` */
export type AutoCreate = 'all_tables' | 'filtered' | 'disabled' | 'no_tables';

export interface PublicationSettings {
  readonly name: string;
  readonly mode: AutoCreate;
  /** publish.via.partition.root */
  readonly viaRoot: boolean;
}

interface PublicationRow {
  readonly all_tables: boolean;
  readonly via_root: boolean;
  /** pg_publication_rel.prrelid */
  readonly tables: readonly number[];
}

const FIND = `SELECT p.puballtables AS all_tables, p.pubviaroot AS via_root,
  coalesce((SELECT json_agg(r.prrelid::int8) FROM pg_publication_rel r WHERE r.prpubid = p.oid), '[]') AS tables
  FROM pg_publication p WHERE p.pubname = $1`;

/**
 * Creates the publication, or adds the tables that it lacks, as the mode says. Tables are never taken out of it: it may be
 * that of another connector too, whose changes would stop without a word. tables: those that are captured.
 */
async function ensurePublication(
  sql: Sql,
  settings: PublicationSettings,
  tables: readonly TableFacts[],
): Promise<void> {
  const { name, mode, viaRoot } = settings;
  const quoted = quoteIdentifier(name);
  const [found] = await sql.query<PublicationRow>('looking for the publication', FIND, [name]);
  const root = `publish_via_partition_root = ${viaRoot}`;
  if (found === undefined) {
    const scope = scopeOf(settings, tables);
    await sql.query(
      `creating the publication ${name}${mode === 'all_tables' ? ' (for all tables only a superuser may: or set publication.autocreate.mode=filtered)' : ''}`,
      `CREATE PUBLICATION ${quoted}${scope === '' ? '' : ` ${scope}`} WITH (${root})`,
    );
    return;
  }
  if (mode !== 'filtered' || found.all_tables) return;
  const present = new Set(found.tables);
  const missing = tables.filter(table => !present.has(table.oid));
  if (missing.length > 0 || tables.length === 0)
    await sql.query(
      `adding tables to the publication ${name}`,
      `ALTER PUBLICATION ${quoted} ADD ${scopeOf(settings, missing).replace('FOR ', '')}`,
    );
  if (found.via_root !== viaRoot)
    await sql.query(`updating the publication ${name}`, `ALTER PUBLICATION ${quoted} SET (${root})`);
}

/** Ensures the publication, and warns of captured tables that it does not have. */
export async function openPublication(
  sql: Sql,
  settings: PublicationSettings,
  tables: readonly TableFacts[],
  log: Log,
): Promise<void> {
  await ensurePublication(sql, settings, tables);
  const missing = await unpublished(sql, settings.name, tables);
  if (missing.length > 0)
    log.warn(
      { publication: settings.name, tables: missing.map(({ schema, table }) => `${schema}.${table}`) },
      'captured tables are not in the publication: their changes will not come',
    );
}

/**
 * True if the publication, once ensured, publishes changes of partitions as those of the partitioned table: one that exists
 * and is left as it is may not be as publish.via.partition.root says.
 */
export async function publishesViaRoot(sql: Sql, { name, mode, viaRoot }: PublicationSettings): Promise<boolean> {
  const [found] = await sql.query<PublicationRow>('looking for the publication', FIND, [name]);
  return found === undefined || (mode === 'filtered' && !found.all_tables) ? viaRoot : found.via_root;
}

function scopeOf({ name, mode }: PublicationSettings, tables: readonly TableFacts[]): string {
  switch (mode) {
    case 'all_tables':
      return 'FOR ALL TABLES';
    case 'no_tables':
      return '';
    case 'disabled':
      throw new MillraceError(
        'SOURCE_SETUP',
        `publication ${name} does not exist and publication.autocreate.mode is disabled: CREATE PUBLICATION ` +
          `${quoteIdentifier(name)} FOR TABLE …, or let the connector do it (filtered)`,
      );
    case 'filtered':
      if (tables.length > 0)
        return `FOR TABLE ${tables.map(({ schema, table }) => quoteTable(schema, table)).join(', ')}`;
      throw new MillraceError(
        'SOURCE_SETUP',
        `no table passes schema.include.list, table.include.list and their counterparts, so publication ${name} would ` +
          'be empty',
      );
  }
}

/** Captured tables whose changes the publication does not publish. */
async function unpublished(sql: Sql, name: string, tables: readonly TableFacts[]): Promise<readonly TableFacts[]> {
  const rows = await sql.query<{ schema: string; table: string }>(
    'reading the publication',
    'SELECT schemaname AS schema, tablename AS table FROM pg_publication_tables WHERE pubname = $1',
    [name],
  );
  const published = new Set(rows.map(row => JSON.stringify([row.schema, row.table])));
  return tables.filter(({ schema, table }) => !published.has(JSON.stringify([schema, table])));
}

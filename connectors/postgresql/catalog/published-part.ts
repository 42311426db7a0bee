import { quoteLiteral } from '../../../src/databases/postgresql/quote.ts';

/** The part of a table that a publication publishes (PostgreSQL 15 and later). */
export interface PublishedPart {
  /** Names in its column list; null where there is none. */
  readonly columns: readonly string[] | null;
  /** SQL condition on the table's columns; null where there is none. */
  readonly rowFilter: string | null;
  /** Another after each change of the column list or the row filter. */
  readonly digest: string;
}

/** Publications have column lists and row filters since this version. */
const FIRST_VERSION = 150_000;

const FILTER = 'pg_get_expr(r.prqual, r.prrelid)';

/**
 * SQL of one expression for table `c`, as `pgoutput` finds the part: a publication of all tables, or of the table's schema,
 * publishes all of it. publication: its name; serverVersion: server_version_num.
 */
export function publishedPartSql(
  publication: string,
  serverVersion: number,
): { readonly part: string; readonly digest: string } {
  if (serverVersion < FIRST_VERSION) return { part: 'NULL', digest: 'NULL' };
  // By the numbers of columns, whatever names they and the session's search_path give the filter's text.
  const digest = "md5(concat(r.prattrs, ';', r.prqual::text))";
  const from = `FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid
    WHERE p.pubname = ${quoteLiteral(publication)} AND r.prrelid = c.oid AND NOT p.puballtables
      AND (r.prattrs IS NOT NULL OR r.prqual IS NOT NULL)
      AND NOT EXISTS (SELECT FROM pg_publication_namespace s WHERE s.pnpubid = p.oid AND s.pnnspid = c.relnamespace)`;
  const columns = `(SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum = ANY(r.prattrs))`;
  return {
    part: `(SELECT json_build_object('columns', ${columns}, 'rowFilter', ${FILTER}, 'digest', ${digest}) ${from})`,
    digest: `(SELECT ${digest} ${from})`,
  };
}

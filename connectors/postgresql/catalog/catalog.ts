import type { Sql } from '../session/sql.ts';
import { visibleIn } from '../snapshot/visibility.ts';
import type { TypeInfo } from '../types/resolve.ts';
import { publishedPartSql } from './published-part.ts';
import type { TableFacts } from './relation.ts';

/** SQL: digest of the partitions of a partitioned table `c`. */
const PARTITIONS = `CASE WHEN c.relkind = 'p' THEN
  (SELECT md5(string_agg(p.relid::oid::text, ',' ORDER BY p.relid::oid)) FROM pg_partition_tree(c.oid) p) END`;

/** SQL: changes with every column, unique index, replica identity and partition of table `c`. */
const DEFINITION = `concat_ws(';', c.oid, c.relreplident, ${PARTITIONS},
  (SELECT string_agg(v.xmin::text, ',' ORDER BY v.attnum) FROM pg_attribute v WHERE v.attrelid = c.oid AND v.attnum > 0),
  (SELECT string_agg(concat(v.indexrelid, ':', v.xmin), ',' ORDER BY v.indexrelid) FROM pg_index v
   WHERE v.indrelid = c.oid AND v.indisunique))`;

/** Selects tables with their current columns and the unique indexes that can be a key, the primary key first. */
const tablesSql = (part: string, version: string): string => `
SELECT json_build_object('oid', c.oid::int8, 'schema', n.nspname, 'table', c.relname, 'replicaIdentity', c.relreplident, 'partitioned', c.relkind = 'p',
  'rows', greatest(c.reltuples, 0), 'bytes', pg_relation_size(c.oid), 'version', ${version}, 'publication', ${part},
  'file', coalesce(pg_relation_filenode(c.oid)::int8, 0),
  'columns', (
    SELECT coalesce(json_agg(json_build_object('name', a.attname, 'number', a.attnum, 'version', a.xmin::text, 'type', a.atttypid::int8, 'typmod', a.atttypmod,
        'typeName', format('%I.%I', tn.nspname, t.typname),
        'collation', (SELECT format('%I.%I', cn.nspname, co.collname) FROM pg_collation co
          JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation AND co.collname <> 'default'),
        'notNull', a.attnotnull OR t.typnotnull, 'generated', a.attgenerated <> '',
        'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END) ORDER BY a.attnum), '[]')
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'indexes', (
    SELECT coalesce(json_agg(json_build_object('primary', i.indisprimary, 'identity', i.indisreplident,
        'columns', k.names, 'immediate', i.indimmediate, 'ordered', k.ordered)
        ORDER BY i.indisprimary DESC, i.indisreplident DESC, i.indexrelid), '[]')
    FROM pg_index i CROSS JOIN LATERAL (
      SELECT json_agg(a.attname ORDER BY p) AS names,
        bool_and(a.attnotnull AND o.opcdefault AND i.indcollation[p] = a.attcollation) AS ordered
      FROM generate_series(0, i.indnkeyatts - 1) p
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p]
      JOIN pg_opclass o ON o.oid = i.indclass[p]) k
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL)) AS facts
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`;

/** Selects whether partitions with rows were attached to a table by transactions that a snapshot did not see. */
const ATTACHED = `
SELECT EXISTS (
  SELECT FROM pg_partition_tree($1::oid::regclass) p JOIN pg_inherits i ON i.inhrelid = p.relid
  CROSS JOIN LATERAL pg_partition_tree(p.relid) leaf
  WHERE leaf.isleaf AND pg_relation_size(leaf.relid) > 0 AND NOT ${visibleIn('i.xmin', '$2::pg_snapshot')}) AS found`;

/** Selects types, and the types of their array elements and domain bases. */
const TYPES = `
WITH RECURSIVE wanted AS (
  SELECT t.oid, t.typbasetype, t.typelem, t.typcategory FROM pg_type t WHERE t.oid = ANY($1::oid[])
  UNION
  SELECT t.oid, t.typbasetype, t.typelem, t.typcategory FROM wanted w
  JOIN pg_type t ON t.oid = w.typbasetype OR (t.oid = w.typelem AND w.typcategory = 'A'))
SELECT t.oid, t.typname AS name, t.typtype AS kind, t.typbasetype AS base, t.typtypmod AS "baseTypmod",
  CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END AS element, t.typdelim AS delimiter,
  coalesce((SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '[]') AS labels
FROM pg_type t JOIN (SELECT DISTINCT oid FROM wanted) w ON w.oid = t.oid`;

/** Ordinary tables; `roots`: partitioned tables in place of their partitions. */
const CAPTURED = {
  leaves: `WHERE c.relkind = 'r' AND c.relpersistence = 'p'`,
  roots: `WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'`,
};

/** The publication of the stream. */
export interface CatalogOptions {
  readonly publication: string;
  /** server_version_num */
  readonly serverVersion: number;
}

/** Reads tables and types from the system catalogs. */
export class Catalog {
  /** SQL: changes with the definition of table `c` and with its published part. */
  readonly tableVersion: string;
  readonly #sql: Sql;
  readonly #publication: string;
  readonly #tables: string;
  readonly #types = new Map<number, TypeInfo>();

  constructor(sql: Sql, { publication, serverVersion }: CatalogOptions) {
    const { part, digest } = publishedPartSql(publication, serverVersion);
    this.#sql = sql;
    this.#publication = publication;
    this.tableVersion = `concat_ws(';', ${DEFINITION}, ${digest})`;
    this.#tables = tablesSql(part, this.tableVersion);
  }

  /** undefined: the table is gone. */
  async table(oid: number): Promise<TableFacts | undefined> {
    const [row] = await this.#sql.query<{ facts: TableFacts }>(
      'reading the catalogue',
      `${this.#tables} WHERE c.oid = $1::oid`,
      [oid],
    );
    return row?.facts;
  }

  /** True if partitions with rows were attached: their rows are no changes of the table. snapshot: pg_current_snapshot(). */
  async hasAttached(oid: number, snapshot: string): Promise<boolean> {
    const { found } = await this.#sql.one<{ found: boolean }>('querying attached partitions', ATTACHED, [
      oid,
      snapshot,
    ]);
    return found;
  }

  /** True if the publication has the table or a part of it. */
  async isPublished({ schema, table }: TableFacts): Promise<boolean> {
    const { found } = await this.#sql.one<{ found: boolean }>(
      'reading the publication',
      `SELECT EXISTS (SELECT FROM pg_publication_tables WHERE pubname = $1 AND schemaname = $2 AND tablename = $3) AS found`,
      [this.#publication, schema, table],
    );
    return found;
  }

  /** All tables that can be captured, ordered by name. */
  async tables(viaRoot: boolean): Promise<TableFacts[]> {
    const rows = await this.#sql.query<{ facts: TableFacts }>(
      'reading the catalogue',
      `${this.#tables} ${viaRoot ? CAPTURED.roots : CAPTURED.leaves} AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname NOT LIKE 'pg\\_toast%' ORDER BY n.nspname, c.relname`,
    );
    return rows.map(row => row.facts);
  }

  /** Types with their elements and bases. Enums are read again on each call, since labels may be added. */
  async types(oids: readonly number[]): Promise<ReadonlyMap<number, TypeInfo>> {
    const unknown = oids.filter(oid => !this.#types.has(oid) || this.#changes(oid));
    if (unknown.length > 0)
      for (const type of await this.#sql.query<TypeInfo>('reading the catalogue', TYPES, [unknown]))
        this.#types.set(type.oid, type);
    return this.#types;
  }

  #changes(oid: number): boolean {
    const type = this.#types.get(oid);
    return type !== undefined && (type.kind === 'e' || this.#changes(type.element) || this.#changes(type.base));
  }
}

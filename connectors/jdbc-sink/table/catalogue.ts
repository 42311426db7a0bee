import type { TableType } from '../config/settings.ts';
import type { Session } from '../protocol/session.ts';
import { quoteTable, storedName, type TableName } from './identifiers.ts';

export interface Column {
  readonly name: string;
  /** Name of the type, or of a domain's base type, in `pg_type`: `int8`, `timestamptz`, `_text`, `hstore`. */
  readonly type: string;
  /** SQL name of the base type for casts, without length or precision: `character varying`, `shop.mood`. */
  readonly cast: string;
  readonly array: boolean;
  /** Name of an array's element type, or of a domain's base type; null for other types. */
  readonly element: string | null;
  /** True if the collation treats texts of different bytes as equal. */
  readonly nondeterministic: boolean;
  /** Length or precision in PostgreSQL's encoding (`atttypmod`); -1 without. */
  readonly modifier: number;
  /** GENERATED ALWAYS AS IDENTITY: accepts values with OVERRIDING SYSTEM VALUE only. */
  readonly identityAlways: boolean;
  /** Generated column, which cannot be written. */
  readonly generated: boolean;
}

export interface Table {
  /** Quoted name with its schema. */
  readonly sql: string;
  readonly kind: TableType | 'OTHER';
  readonly columns: readonly Column[];
  /** The column of a field; undefined if there is none. */
  column(field: string): Column | undefined;
}

const relationKinds: Readonly<Record<string, TableType>> = {
  r: 'TABLE',
  p: 'PARTITIONED TABLE',
  v: 'VIEW',
  f: 'TABLE',
};

const relationSql = `
SELECT c.oid::text AS id, c.relkind AS kind, n.nspname AS schema, c.relname AS table
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1)`;

const columnsSql = `
WITH RECURSIVE base(attnum, typ, modifier) AS (
  SELECT a.attnum, a.atttypid, a.atttypmod FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.attnum, t.typbasetype, CASE WHEN b.modifier < 0 THEN t.typtypmod ELSE b.modifier END
  FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typ WHERE t.typtype = 'd'
)
SELECT a.attname AS name, t.typname AS type, format_type(t.oid, -1) AS cast, b.modifier AS modifier,
  t.typcategory = 'A' AS array,
  CASE WHEN t.typcategory = 'A' THEN (
    WITH RECURSIVE item(typ) AS (
      SELECT t.typelem UNION ALL SELECT d.typbasetype FROM item JOIN pg_catalog.pg_type d ON d.oid = item.typ AND d.typtype = 'd'
    )
    SELECT e.typname FROM item JOIN pg_catalog.pg_type e ON e.oid = item.typ AND e.typtype <> 'd') END AS element,
  a.attidentity = 'a' AS identity_always,
  EXISTS (SELECT FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation AND NOT l.collisdeterministic) AS nondeterministic,
  a.attgenerated <> '' AS generated
FROM base b
JOIN pg_catalog.pg_type t ON t.oid = b.typ AND t.typtype <> 'd'
JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::oid AND a.attnum = b.attnum
ORDER BY a.attnum`;

/** Cached definitions of the destination's tables. Not for concurrent use. */
export class Catalogue {
  readonly #session: Session;
  readonly #quoted: boolean;
  readonly #tables = new Map<string, Table>();

  constructor(session: Session, quoted: boolean) {
    this.#session = session;
    this.#quoted = quoted;
  }

  /** null if there is no such relation, which is not cached. Rejects with a MillraceError. */
  async table(name: TableName): Promise<Table | null> {
    const key = quoteTable(name);
    const cached = this.#tables.get(key);
    if (cached !== undefined) return cached;
    const table = await this.#read(key);
    if (table !== null) this.#tables.set(key, table);
    return table;
  }

  clear(): void {
    this.#tables.clear();
  }

  async #read(key: string): Promise<Table | null> {
    const operation = `reading the catalogue for ${key}`;
    const [relation] = await this.#session.query<RelationRow>(operation, relationSql, [key]);
    if (relation === undefined) return null;
    const rows = await this.#session.query<ColumnRow>(operation, columnsSql, [relation.id]);
    const columns = rows.map(row => ({ ...row, identityAlways: row.identity_always }));
    return {
      sql: quoteTable({ schema: relation.schema, table: relation.table }),
      kind: relationKinds[relation.kind] ?? 'OTHER',
      columns,
      column: columnLookup(columns, this.#quoted),
    };
  }
}

interface RelationRow {
  readonly id: string;
  readonly kind: string;
  readonly schema: string;
  readonly table: string;
}

interface ColumnRow extends Omit<Column, 'identityAlways'> {
  readonly identity_always: boolean;
}

/** Finds a column by its exact name, or by the only name that differs in case alone, like Confluent's connector. */
function columnLookup(columns: readonly Column[], quoted: boolean): Table['column'] {
  const byName = new Map(columns.map(column => [column.name, column]));
  return field => {
    const name = storedName(field, quoted);
    const exact = byName.get(name) ?? byName.get(field);
    if (exact !== undefined) return exact;
    const lower = name.toLowerCase();
    const alike = columns.filter(column => column.name.toLowerCase() === lower);
    return alike.length === 1 ? alike[0] : undefined;
  };
}

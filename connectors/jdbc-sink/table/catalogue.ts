import type { TableType } from '../config/settings.ts';
import type { Session } from '../protocol/session.ts';
import { quoteTable, stored, type TableName } from './identifiers.ts';

export interface Column {
  readonly name: string;
  /** Name of the type in `pg_type`, a domain's base type: `int8`, `timestamptz`, `_text`, `hstore`. */
  readonly type: string;
  /** The base type as a cast takes it, without length or precision: `character varying`, `shop.mood`. */
  readonly cast: string;
  readonly array: boolean;
  /** Arrays: name of the elements' type, a domain's base type. */
  readonly element: string | null;
  /** Its collation takes texts of different bytes for equal, by rules of its own. */
  readonly nondeterministic: boolean;
  /** Length or precision as PostgreSQL keeps it (`atttypmod`); -1 without. */
  readonly modifier: number;
  /** GENERATED ALWAYS AS IDENTITY: takes values by OVERRIDING SYSTEM VALUE only. */
  readonly identityAlways: boolean;
  /** Computed by the table itself: not to be written. */
  readonly generated: boolean;
}

export interface Table {
  /** As SQL takes it, with its schema. */
  readonly sql: string;
  readonly kind: TableType | 'OTHER';
  readonly columns: readonly Column[];
  /** The column of a field; undefined where there is none. */
  column(field: string): Column | undefined;
}

const kinds: Readonly<Record<string, TableType>> = { r: 'TABLE', p: 'PARTITIONED TABLE', v: 'VIEW', f: 'TABLE' };

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

/** What the destination's tables are, read once until told to read again. Not for concurrent use. */
export class Catalogue {
  readonly #session: Session;
  readonly #quoted: boolean;
  readonly #known = new Map<string, Table>();

  constructor(session: Session, quoted: boolean) {
    this.#session = session;
    this.#quoted = quoted;
  }

  /** null where there is no such relation; that is not remembered. Rejects with a MillraceError. */
  async table(name: TableName): Promise<Table | null> {
    const key = quoteTable(name);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const table = await this.#read(key);
    if (table !== null) this.#known.set(key, table);
    return table;
  }

  forget(): void {
    this.#known.clear();
  }

  async #read(key: string): Promise<Table | null> {
    const doing = `reading the catalogue for ${key}`;
    const [relation] = await this.#session.query<RelationRow>(doing, relationSql, [key]);
    if (relation === undefined) return null;
    const rows = await this.#session.query<ColumnRow>(doing, columnsSql, [relation.id]);
    const columns = rows.map(row => ({ ...row, identityAlways: row.identity_always }));
    return {
      sql: quoteTable({ schema: relation.schema, table: relation.table }),
      kind: kinds[relation.kind] ?? 'OTHER',
      columns,
      column: finder(columns, this.#quoted),
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

/** By the name itself, else by the only one that differs from it in case alone, as Confluent's connector looks. */
function finder(columns: readonly Column[], quoted: boolean): Table['column'] {
  const byName = new Map(columns.map(column => [column.name, column]));
  return field => {
    const name = stored(field, quoted);
    const exact = byName.get(name) ?? byName.get(field);
    if (exact !== undefined) return exact;
    const lower = name.toLowerCase();
    const alike = columns.filter(column => column.name.toLowerCase() === lower);
    return alike.length === 1 ? alike[0] : undefined;
  };
}

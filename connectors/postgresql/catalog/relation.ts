import type { PublishedPart } from './published-part.ts';

/** A column as a Relation message (or a SELECT list) names it. */
export interface RelationColumn {
  readonly name: string;
  /** Of pg_type. */
  readonly type: number;
  readonly typmod: number;
  /** Part of the replica identity; of every column where that is FULL. */
  readonly identity: boolean;
}

/** What PostgreSQL says of a table before the first change of it, and again when it has changed. */
export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: ReplicaIdentity;
  readonly columns: readonly RelationColumn[];
}

/** pg_class.relreplident: default, nothing, full, index. */
export type ReplicaIdentity = 'd' | 'n' | 'f' | 'i';

/** What only the catalogue knows of a column, as it is now. */
export interface ColumnFacts extends KeyColumn {
  readonly typmod: number;
  readonly notNull: boolean;
  /** `pg_get_expr` of its DEFAULT; null where there is none. */
  readonly default: string | null;
  readonly generated: boolean;
}

/** A column of a key whose values are compared. */
export interface KeyColumn {
  readonly name: string;
  /** pg_attribute.attnum: a column that is dropped and added again has another. */
  readonly number: number;
  /** Another after each change of the column's definition. */
  readonly version: string;
  /** Of pg_type. */
  readonly type: number;
  /** As SQL names it, quoted and with its schema. */
  readonly typeName: string;
  /** Likewise; null for the database's own and for types without one. */
  readonly collation: string | null;
}

export interface IndexFacts {
  readonly primary: boolean;
  /** Chosen by REPLICA IDENTITY USING INDEX. */
  readonly identity: boolean;
  readonly columns: readonly string[];
  /** Not DEFERRABLE. */
  readonly immediate: boolean;
  /** Its order is the columns' own: `ORDER BY` and comparisons by its columns use it, and no null is in it. */
  readonly ordered: boolean;
}

export interface TableFacts {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: ReplicaIdentity;
  readonly partitioned: boolean;
  /** As the server last counted them. */
  readonly rows: number;
  /** Without indexes and TOAST. */
  readonly bytes: number;
  /** Another after each change of a column, a unique index, the replica identity, the partitions or the published part. */
  readonly version: string;
  /** null: rows are published whole, or not at all. */
  readonly publication: PublishedPart | null;
  /** pg_relation_filenode: another when the table is rewritten or truncated; 0 for partitioned tables. */
  readonly file: number;
  readonly columns: readonly ColumnFacts[];
  /** Unique, valid, of whole rows and plain columns; the primary key first. */
  readonly indexes: readonly IndexFacts[];
}

/**
 * The columns of a record's key, in the index's order; [] for none.
 *
 * The primary key; without one, a unique index. A Relation message may be older than the catalogue: under REPLICA
 * IDENTITY DEFAULT it names the primary key itself. Under USING INDEX the old row has the index's columns alone, so a
 * primary key with other columns is unknown for a deleted row: the index is the key then. A key of which the publication's
 * column list leaves out a column no longer identifies a row, and is not used.
 */
export function keyColumns(relation: Relation, facts: TableFacts | undefined): readonly string[] {
  const present = new Set(relation.columns.map(column => column.name));
  const identity = relation.columns.filter(column => column.identity).map(column => column.name);
  const known = (facts?.indexes ?? []).filter(index => index.columns.every(name => present.has(name)));
  const primary = known.find(index => index.primary)?.columns;
  if (relation.replicaIdentity === 'd') {
    if (identity.length === 0 || isCut(facts, ({ primary }) => primary)) return known[0]?.columns ?? [];
    return primary !== undefined && sameNames(primary, identity) ? primary : identity;
  }
  if (relation.replicaIdentity === 'i' && !isCut(facts, ({ identity }) => identity)) {
    if (primary?.every(name => identity.includes(name))) return primary;
    return known.find(index => sameNames(index.columns, identity))?.columns ?? identity;
  }
  return known[0]?.columns ?? [];
}

/** True if the publication's column list leaves out a part of that index. */
function isCut(facts: TableFacts | undefined, which: (index: IndexFacts) => boolean): boolean {
  const list = facts?.publication?.columns;
  const index = facts?.indexes.find(which);
  return list != null && index !== undefined && !index.columns.every(name => list.includes(name));
}

/**
 * The columns whose old values the log has with each deletion and each change of the key. FULL: all of them. DEFAULT: those
 * of the primary key, unless it is deferrable.
 */
function identityColumns({ replicaIdentity, columns, indexes }: TableFacts): ReadonlySet<string> {
  if (replicaIdentity === 'f') return new Set(columns.map(column => column.name));
  const index =
    replicaIdentity === 'd'
      ? indexes.find(({ primary, immediate }) => primary && immediate)
      : indexes.find(({ identity }) => replicaIdentity === 'i' && identity);
  return new Set(index?.columns);
}

/**
 * The key by which a snapshot divides a table into chunks; null where there is none, and the table is read by ctid.
 *
 * The chunk that holds a row must be known from each change of the row, so all columns are in the replica identity, and in
 * records. names: the columns in records.
 */
export function chunkKey(facts: TableFacts, names: ReadonlySet<string>): readonly KeyColumn[] | null {
  const identity = identityColumns(facts);
  const index = facts.indexes.find(
    ({ immediate, ordered, columns }) =>
      immediate && ordered && columns.every(name => identity.has(name) && names.has(name)),
  );
  if (index === undefined) return null;
  return index.columns.flatMap(wanted => {
    const column = facts.columns.find(({ name }) => name === wanted);
    if (column === undefined) return [];
    const { name, number, version, type, typeName, collation } = column;
    return [{ name, number, version, type, typeName, collation }];
  });
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every(name => b.includes(name));

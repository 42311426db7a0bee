import type { PublishedPart } from './published-part.ts';

/** A column of a Relation message, or of a SELECT list. */
export interface RelationColumn {
  readonly name: string;
  /** pg_type.oid */
  readonly type: number;
  readonly typmod: number;
  /** True if it is part of the replica identity; FULL: every column is. */
  readonly identity: boolean;
}

/** A Relation message: sent before the first change of a table, and after changes of its definition. */
export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: ReplicaIdentity;
  readonly columns: readonly RelationColumn[];
}

/** pg_class.relreplident: default, nothing, full, index. */
export type ReplicaIdentity = 'd' | 'n' | 'f' | 'i';

/** The current state of a column in the system catalogs. */
export interface ColumnFacts extends KeyColumn {
  readonly typmod: number;
  readonly notNull: boolean;
  /** `pg_get_expr` of its DEFAULT; null: none. */
  readonly default: string | null;
  readonly generated: boolean;
}

/** A column of a key whose values are compared. */
export interface KeyColumn {
  readonly name: string;
  /** pg_attribute.attnum: changes when a column is dropped and added again. */
  readonly number: number;
  /** Changes with the column's definition. */
  readonly version: string;
  /** pg_type.oid */
  readonly type: number;
  /** Quoted name with its schema. */
  readonly typeName: string;
  /** Quoted name with its schema; null: the database's default, or a type without collation. */
  readonly collation: string | null;
}

export interface IndexFacts {
  readonly primary: boolean;
  /** Chosen by REPLICA IDENTITY USING INDEX. */
  readonly identity: boolean;
  readonly columns: readonly string[];
  /** Not DEFERRABLE. */
  readonly immediate: boolean;
  /** `ORDER BY` and comparisons of its columns can use it, and it contains no null. */
  readonly ordered: boolean;
}

export interface TableFacts {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: ReplicaIdentity;
  readonly partitioned: boolean;
  /** Estimate of the server's statistics. */
  readonly rows: number;
  /** Size without indexes and TOAST. */
  readonly bytes: number;
  /** Changes with every column, unique index, replica identity, partition and with the published part. */
  readonly version: string;
  /** null: rows are published completely, or not at all. */
  readonly publication: PublishedPart | null;
  /** pg_relation_filenode: changes when the table is rewritten or truncated; 0 for partitioned tables. */
  readonly file: number;
  readonly columns: readonly ColumnFacts[];
  /** Unique and valid indexes without predicate and expressions; the primary key first. */
  readonly indexes: readonly IndexFacts[];
}

/**
 * The columns of a record's key, in the index's order; [] for none.
 *
 * The primary key; without one, a unique index. A Relation message may be older than the catalogue: under REPLICA
 * IDENTITY DEFAULT it contains the primary key itself. Under USING INDEX the old row has the index's columns alone, so a
 * primary key with other columns is unknown for a deleted row: the index is the key then. A key of which the publication's
 * column list leaves out a column no longer identifies a row, and is not used.
 */
export function keyColumns(relation: Relation, facts: TableFacts | undefined): readonly string[] {
  const present = new Set(relation.columns.map(column => column.name));
  const identity = relation.columns.filter(column => column.identity).map(column => column.name);
  const candidates = (facts?.indexes ?? []).filter(index => index.columns.every(name => present.has(name)));
  const primary = candidates.find(index => index.primary)?.columns;
  if (relation.replicaIdentity === 'd') {
    if (identity.length === 0 || isPartlyPublished(facts, ({ primary }) => primary))
      return candidates[0]?.columns ?? [];
    return primary !== undefined && sameNames(primary, identity) ? primary : identity;
  }
  if (relation.replicaIdentity === 'i' && !isPartlyPublished(facts, ({ identity }) => identity)) {
    if (primary?.every(name => identity.includes(name))) return primary;
    return candidates.find(index => sameNames(index.columns, identity))?.columns ?? identity;
  }
  return candidates[0]?.columns ?? [];
}

/** True if the publication's column list lacks a column of that index. */
function isPartlyPublished(facts: TableFacts | undefined, which: (index: IndexFacts) => boolean): boolean {
  const list = facts?.publication?.columns;
  const index = facts?.indexes.find(which);
  return list != null && index !== undefined && !index.columns.every(name => list.includes(name));
}

/**
 * The columns whose old values the log contains for each deletion and each change of the key. FULL: all of them. DEFAULT:
 * those of the primary key, unless it is deferrable.
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
 * The key by which a snapshot divides a table into chunks; null: none, and the table is read by ctid.
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
  return index.columns.flatMap(indexed => {
    const column = facts.columns.find(({ name }) => name === indexed);
    if (column === undefined) return [];
    const { name, number, version, type, typeName, collation } = column;
    return [{ name, number, version, type, typeName, collation }];
  });
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every(name => b.includes(name));

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
export interface ColumnFacts {
  readonly name: string;
  readonly type: number;
  readonly typmod: number;
  /** As SQL names it, quoted and with its schema. */
  readonly typeName: string;
  /** Likewise; null for the database's own and for types without one. */
  readonly collation: string | null;
  readonly notNull: boolean;
  /** `pg_get_expr` of its DEFAULT; null where there is none. */
  readonly default: string | null;
  readonly generated: boolean;
}

export interface IndexFacts {
  readonly primary: boolean;
  /** Chosen by REPLICA IDENTITY USING INDEX. */
  readonly identity: boolean;
  readonly columns: readonly string[];
  /** Its order is the columns' own: `ORDER BY` and comparisons by its columns use it, and no null is in it. */
  readonly walkable: boolean;
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
  /** Another after each change of a column. */
  readonly version: string;
  readonly columns: readonly ColumnFacts[];
  /** Unique, valid, of whole rows and plain columns; the primary key first. */
  readonly indexes: readonly IndexFacts[];
}

/**
 * The columns of a record's key, in the index's order; [] for none.
 *
 * The primary key; without one, a unique index. A Relation message may be older than the catalogue: under REPLICA
 * IDENTITY DEFAULT it names the primary key itself. Under USING INDEX the old row has the index's columns alone, so a
 * primary key that is not among them could not be told of a deleted row: the index is the key then.
 */
export function keyColumns(relation: Relation, facts: TableFacts | undefined): readonly string[] {
  const present = new Set(relation.columns.map(column => column.name));
  const identity = relation.columns.filter(column => column.identity).map(column => column.name);
  const known = (facts?.indexes ?? []).filter(index => index.columns.every(name => present.has(name)));
  const primary = known.find(index => index.primary)?.columns;
  if (relation.replicaIdentity === 'd') {
    if (identity.length === 0) return known[0]?.columns ?? [];
    return primary !== undefined && sameNames(primary, identity) ? primary : identity;
  }
  if (relation.replicaIdentity === 'i') {
    if (primary?.every(name => identity.includes(name))) return primary;
    return known.find(index => sameNames(index.columns, identity))?.columns ?? identity;
  }
  return known[0]?.columns ?? [];
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every(name => b.includes(name));

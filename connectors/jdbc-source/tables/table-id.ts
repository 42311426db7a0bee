/** Name of a table in the terms of JDBC. */
export interface TableId {
  /** The database. */
  readonly catalog: string;
  /** Schema on PostgreSQL; null on MySQL and MariaDB, whose databases are catalogs. */
  readonly schema: string | null;
  readonly name: string;
}

/** Name in stored positions and plans: `schema.table`, or `database.table` on MySQL. */
export const fullName = ({ catalog, schema, name }: TableId): string => `${schema ?? catalog}.${name}`;

/** Unambiguous name for messages: `"schema"."table"`. */
export const quotedName = ({ catalog, schema, name }: TableId): string => `"${schema ?? catalog}"."${name}"`;

/** All names of a table that lists may contain, without quotes: the longest first, the bare name last. */
export function matchingNames({ catalog, schema, name }: TableId): readonly string[] {
  const names = schema === null ? [`${catalog}.${name}`] : [`${catalog}.${schema}.${name}`, `${schema}.${name}`];
  return [...names, name];
}

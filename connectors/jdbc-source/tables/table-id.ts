/** A table as JDBC's metadata names it. */
export interface TableId {
  /** The database. */
  readonly catalog: string;
  /** Of PostgreSQL; null on MySQL and MariaDB, whose databases are catalogs. */
  readonly schema: string | null;
  readonly name: string;
}

/** The name that stands in stored positions and in plans: `schema.table`, or `database.table` on MySQL. */
export const fullName = ({ catalog, schema, name }: TableId): string => `${schema ?? catalog}.${name}`;

/** For messages, where a dot in a name would be misread: `"schema"."table"`. */
export const quotedName = ({ catalog, schema, name }: TableId): string => `"${schema ?? catalog}"."${name}"`;

/** Every name that a list may have for it, without quotes: the longest first, the bare name last. */
export function namesOf({ catalog, schema, name }: TableId): readonly string[] {
  const names = schema === null ? [`${catalog}.${name}`] : [`${catalog}.${schema}.${name}`, `${schema}.${name}`];
  return [...names, name];
}

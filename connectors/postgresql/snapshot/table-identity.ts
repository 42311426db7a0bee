import type { Json, SourceOffset } from '../../../src/api/index.ts';
import type { KeyColumn, TableFacts } from '../catalog/relation.ts';

/** The identity of a table to which the bounds of chunks belong: in a table that differs they are meaningless. */
export interface TableIdentity {
  readonly oid: number;
  /** null: read by ctid. */
  readonly key: readonly KeyColumn[] | null;
  /** pg_relation_filenode of a table that is read by ctid, whose rows move when it is rewritten; 0 for other tables. */
  readonly file: number;
  /** Digest of the part of the table that is published; null: all of it. */
  readonly publication: string | null;
}

export const identityOf = (facts: TableFacts, key: readonly KeyColumn[] | null): TableIdentity => ({
  oid: facts.oid,
  key,
  file: key === null ? facts.file : 0,
  publication: facts.publication?.digest ?? null,
});

/** The difference between a table and the one of which chunks were read; undefined: none. */
export function difference(before: TableIdentity, now: TableIdentity): string | undefined {
  if (before.oid !== now.oid) return 'it is another table of this name';
  if (describeKey(before) !== describeKey(now))
    return `it was read by ${describeKey(before)}, and now is by ${describeKey(now)}`;
  if (JSON.stringify(before.key) !== JSON.stringify(now.key)) return `its key, ${describeKey(now)}, was altered`;
  if (before.file !== now.file) return 'it was rewritten or truncated, and has no key';
  if (before.publication !== now.publication) return 'its column list or row filter in the publication was altered';
  return undefined;
}

const describeKey = ({ key }: TableIdentity): string =>
  key === null ? 'ctid' : `(${key.map(({ name }) => name).join(', ')})`;

export const identityFields = ({ oid, key, file, publication }: TableIdentity) => ({
  oid,
  key: key as Json,
  file,
  publication,
});

export function readIdentity(offset: NonNullable<SourceOffset>): TableIdentity {
  const key = offset['key'];
  return {
    oid: Number(offset['oid']),
    key: Array.isArray(key) ? (key as unknown as readonly KeyColumn[]) : null,
    file: Number(offset['file']),
    publication: typeof offset['publication'] === 'string' ? offset['publication'] : null,
  };
}

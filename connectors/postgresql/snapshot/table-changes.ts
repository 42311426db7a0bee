import type { TableChanges } from '../../../src/cdc/snapshot/chunk-reader.ts';
import { quoteTable } from '../../../src/databases/postgresql/quote.ts';
import { MillraceError, messageOf } from '../../../src/errors.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { databaseCode, UNDEFINED_OBJECTS } from '../session/failures.ts';
import type { PostgresChunk } from './chunk.ts';
import { TableChanged } from './chunk-reader.ts';
import { difference, type TableIdentity } from './table-identity.ts';
import type { PostgresTableVersion } from './table-version.ts';

/** describe: the table as it is now; undefined if it is gone, or no longer captured. */
export const tableChanges = (
  catalog: Pick<Catalog, 'hasAttached' | 'isPublished'>,
  describe: (oid: number) => Promise<PostgresTableVersion | undefined>,
): TableChanges<PostgresTableVersion, PostgresChunk> => ({
  isTableChange: error => error instanceof TableChanged || UNDEFINED_OBJECTS.has(databaseCode(error)),
  describe: error =>
    error instanceof TableChanged ? 'it was altered before a chunk of it was read' : messageOf(error),
  current: version => describe(version.facts.oid),
  withdrawn: async (before, now) =>
    (await isWithdrawn(catalog, before.identity, now)) ? withdrawnError(now) : undefined,
  restartReason: async (before, now, chunks) =>
    difference(before.identity, now.identity) ?? attachedReason(catalog, now, chunks),
});

/** The same for partitions that were attached after the latest chunk. */
export async function attachedReason(
  catalog: Pick<Catalog, 'hasAttached'>,
  { facts }: PostgresTableVersion,
  done: readonly Pick<PostgresChunk, 'lsn' | 'snapshot'>[],
): Promise<string | undefined> {
  if (!facts.partitioned || done.length === 0) return undefined;
  const latest = done.reduce((a, b) => (a.lsn > b.lsn ? a : b));
  return (await catalog.hasAttached(facts.oid, latest.snapshot))
    ? 'partitions with rows were attached to it'
    : undefined;
}

/** True if the publication had a part of the table when it was read, and has nothing of it now. */
export async function isWithdrawn(
  catalog: Pick<Catalog, 'isPublished'>,
  before: TableIdentity,
  { identity, facts }: PostgresTableVersion,
): Promise<boolean> {
  return before.publication !== null && identity.publication === null && !(await catalog.isPublished(facts));
}

/** A table in no publication is read as a whole, but not one that was published in part a moment ago. */
export const withdrawnError = ({ table, facts }: PostgresTableVersion): MillraceError =>
  new MillraceError(
    'SOURCE_SETUP',
    `table ${table.id} was taken out of the publication, which had a part of it, while its snapshot was taken: add it again ` +
      `(ALTER PUBLICATION … ADD TABLE ${quoteTable(facts.schema, facts.table)} …), or no longer capture it ` +
      '(table.exclude.list), and restart the task',
  );

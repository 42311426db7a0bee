import type { Log } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { quoteTable } from '../session/connection.ts';
import type { Sql } from '../session/sql.ts';
import type { StoredChunk } from './chunk.ts';
import { difference, type TableIdentity } from './table-identity.ts';
import { isComplete, TableProgress, type TableVersion, unread } from './table-progress.ts';

export interface PlanContext {
  readonly sql: Sql;
  readonly catalog: Catalog;
  readonly log: Log;
}

export interface TablePlan {
  readonly work: TableProgress;
  /** Those that count. */
  readonly chunks: readonly StoredChunk[];
}

/** Plans what is left of one table. done: the chunks that were read of it. */
export async function planTable(
  { sql, catalog, log }: PlanContext,
  version: TableVersion,
  override: string | null,
  done: readonly StoredChunk[],
): Promise<TablePlan> {
  const { identity, table } = version;
  const reason = await restartReason(catalog, version, done);
  if (reason === undefined) {
    const ranges = isComplete(done) ? [] : await unread(sql, identity.key, done);
    const interrupted = identity.key === null ? (done[0] ?? null) : null;
    return { work: new TableProgress(version, override, ranges, done, interrupted), chunks: done };
  }
  log.warn({ table: table.id, reason }, 'the snapshot of a table begins again: it was changed while no task ran');
  const work = new TableProgress(version, override, [], done, null);
  work.restart();
  return { work, chunks: [] };
}

/** Says why chunks that were read of a table count for nothing; undefined where they count. */
async function restartReason(
  catalog: Catalog,
  version: TableVersion,
  done: readonly StoredChunk[],
): Promise<string | undefined> {
  const { identity, facts } = version;
  const [first] = done;
  if (first === undefined) return undefined;
  // What happens to its key after all of it was read is of no interest.
  if (isComplete(done)) return first.identity.oid === identity.oid ? undefined : difference(first.identity, identity);
  for (const chunk of done) {
    const reason = difference(chunk.identity, identity);
    if (reason === undefined) continue;
    if (await isWithdrawn(catalog, chunk.identity, version)) throw withdrawn(version);
    return reason;
  }
  if (facts.partitioned && identity.key === null) return 'it is partitioned and has no key';
  return attachedReason(catalog, version, done);
}

/** The same for partitions. The latest of the chunks has met those that were attached before it. */
export async function attachedReason(
  catalog: Pick<Catalog, 'hasAttached'>,
  { facts }: TableVersion,
  done: readonly Pick<StoredChunk, 'lsn' | 'snapshot'>[],
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
  { identity, facts }: TableVersion,
): Promise<boolean> {
  return before.publication !== null && identity.publication === null && !(await catalog.isPublished(facts));
}

/** A table that is in no publication is read whole: not one of which columns or rows were withheld a moment ago. */
export const withdrawn = ({ table, facts }: TableVersion): MillraceError =>
  new MillraceError(
    'SOURCE_SETUP',
    `table ${table.id} was taken out of the publication, which had a part of it, while its snapshot was taken: add it again ` +
      `(ALTER PUBLICATION … ADD TABLE ${quoteTable(facts.schema, facts.table)} …), or no longer capture it ` +
      '(table.exclude.list), and restart the task',
  );

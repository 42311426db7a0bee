import type { Log } from '../../../src/api/index.ts';
import { isComplete } from '../../../src/cdc/snapshot/chunk.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Sql } from '../session/sql.ts';
import type { StoredPostgresChunk } from './chunk.ts';
import { attachedReason, isWithdrawn, withdrawnError } from './table-changes.ts';
import { difference } from './table-identity.ts';
import { PostgresTableProgress, type PostgresTableVersion } from './table-version.ts';
import { unreadRanges } from './unread-ranges.ts';

export interface PlanContext {
  readonly sql: Sql;
  readonly catalog: Catalog;
  readonly log: Log;
}

export interface TablePlan {
  readonly progress: PostgresTableProgress;
  /** The chunks that count. */
  readonly chunks: readonly StoredPostgresChunk[];
}

/** Plans the rest of one table. done: the chunks that were read of it. */
export async function planTable(
  { sql, catalog, log }: PlanContext,
  version: PostgresTableVersion,
  override: string | null,
  done: readonly StoredPostgresChunk[],
): Promise<TablePlan> {
  const { identity, table } = version;
  const reason = await restartReason(catalog, version, done);
  if (reason === undefined) {
    const ranges = isComplete(done) ? [] : await unreadRanges(sql, identity.key, done);
    const interrupted = identity.key === null ? (done[0] ?? null) : null;
    return { progress: new PostgresTableProgress(version, override, ranges, done, interrupted), chunks: done };
  }
  log.warn({ table: table.id, reason }, 'the snapshot of a table begins again: it was changed while no task ran');
  const progress = new PostgresTableProgress(version, override, [], done, null);
  progress.restart();
  return { progress, chunks: [] };
}

/** The reason why chunks that were read of a table do not count; undefined if they do. */
async function restartReason(
  catalog: Catalog,
  version: PostgresTableVersion,
  done: readonly StoredPostgresChunk[],
): Promise<string | undefined> {
  const { identity, facts } = version;
  const [first] = done;
  if (first === undefined) return undefined;
  // A change of its key after all of it was read does not matter.
  if (isComplete(done)) return first.identity.oid === identity.oid ? undefined : difference(first.identity, identity);
  for (const chunk of done) {
    const reason = difference(chunk.identity, identity);
    if (reason === undefined) continue;
    if (await isWithdrawn(catalog, chunk.identity, version)) throw withdrawnError(version);
    return reason;
  }
  if (facts.partitioned && identity.key === null) return 'it is partitioned and has no key';
  return attachedReason(catalog, version, done);
}

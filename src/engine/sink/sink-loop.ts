import type { AssignedPartition, SinkPosition, SinkTask } from '../../api/index.ts';
import type { Reader } from '../../kafka/port.ts';
import { untilAborted } from '../grace.ts';
import { isSameAssignment } from './assignment.ts';
import { BatchAssembler } from './batch-assembler.ts';
import { BatchWriter } from './batch-writer.ts';
import type { CatchUpTargets } from './catch-up-targets.ts';
import { GroupOffsetCommitter } from './group-offset-committer.ts';
import type { SinkLag } from './lag.ts';
import type { SinkRunContext } from './sink-run.ts';

/** An opened task, its partitions, and where it reads them from. */
export interface SinkAssignment {
  readonly task: Pick<SinkTask<never>, 'write'>;
  readonly reader: Reader;
  readonly assigned: readonly AssignedPartition[];
  /** Positions that the sink stores. */
  readonly stored: readonly SinkPosition[];
  readonly lag: SinkLag;
  /** undefined: the task has no end. */
  readonly targets: CatchUpTargets | undefined;
}

/**
 * Polls, decodes and writes. Returns true when the task has caught up; false when the assignment has changed or the signal
 * is aborted. Each batch is decoded while the previous one is being written. Commits the group offsets at intervals and
 * at the end.
 */
export async function runSinkLoop(run: SinkRunContext, assignment: SinkAssignment): Promise<boolean> {
  const offsets = new GroupOffsetCommitter(run, assignment.assigned, assignment.stored);
  const writer = new BatchWriter(run, assignment.task, offsets);
  try {
    const hasCaughtUp = await readAndWrite(run, assignment, writer, offsets);
    await writer.drain();
    return hasCaughtUp;
  } finally {
    await writer.drain().catch(() => {});
    await offsets.commitLast();
  }
}

async function readAndWrite(
  run: SinkRunContext,
  { reader, assigned, stored, lag, targets }: SinkAssignment,
  writer: BatchWriter,
  offsets: GroupOffsetCommitter,
): Promise<boolean> {
  const { signal, observer, limits } = run;
  const assembler = new BatchAssembler(run, stored);
  let refreshedAt = performance.now();
  observer.figures(lag.figures());
  while (!signal.aborted) {
    const fetched = await reader.poll();
    if (writer.hasFailed) return false;
    let hasBatch = false;
    for await (const batch of assembler.assemble(fetched)) {
      hasBatch = true;
      // One write at a time; it overlaps with the decoding of one batch.
      await writer.drain();
      if (signal.aborted) return false;
      writer.start(batch);
    }
    writer.advancePast(fetched.filter(({ records }) => records.length === 0));
    // Fetched bytes are valid until the poll after the next one; a write must end before that.
    if (!hasBatch) await writer.drain();
    if (targets?.advance(fetched)) return true;
    lag.update(fetched);
    observer.figures(lag.figures());
    offsets.commitIfDue();
    if (performance.now() - refreshedAt > limits.refreshMs) {
      refreshedAt = performance.now();
      if (!isSameAssignment(await untilAborted(signal, run.assignment()), assigned)) return false;
    }
  }
  return false;
}

import { setTimeout as delay } from 'node:timers/promises';
import type { AssignedPartition, SinkTaskContext } from '../../api/index.ts';
import { MillraceError } from '../../errors.ts';
import { closeAfter, untilAborted, untilGraceEnds } from '../grace.ts';
import { isSameAssignment } from './assignment.ts';
import { CatchUpTargets } from './catch-up-targets.ts';
import { SinkLag } from './lag.ts';
import { runSinkLoop } from './sink-loop.ts';
import type { SinkRun } from './sink-run.ts';
import { startPositions } from './start-positions.ts';

/** `maxWaitMs` of a poll. Lower values make idle tasks send more requests. */
const POLL_MS = 2000;
/** Interval between lookups of the assignment in a task without partitions. */
const UNASSIGNED_MS = 500;

/** Runs one sink task until `signal` aborts, it has caught up, or an error occurs. Closes all that it opened. */
export async function runSink<C>(run: SinkRun<C>): Promise<void> {
  try {
    while (!run.signal.aborted) {
      const assigned = await untilAborted(run.signal, run.assignment());
      if (assigned.length > 0) {
        if (await runUntilReassigned(run, assigned)) break;
      } else if (run.untilCaughtUp) break;
      else await delay(UNASSIGNED_MS, undefined, { signal: run.signal }).catch(() => {});
    }
  } finally {
    await run.deadLetters?.close();
  }
}

/** Calls `runAssigned`. A lost position counts as a new assignment where the topic was deleted or recreated. */
async function runUntilReassigned<C>(run: SinkRun<C>, assigned: readonly AssignedPartition[]): Promise<boolean> {
  try {
    return await runAssigned(run, assigned);
  } catch (error) {
    const isLost = error instanceof MillraceError && error.code === 'SOURCE_POSITION_LOST';
    if (!isLost || isSameAssignment(await run.assignment(), assigned)) throw error;
    return false;
  }
}

/** Returns true when the task has caught up; false when the assignment has changed or the signal is aborted. */
async function runAssigned<C>(run: SinkRun<C>, assigned: readonly AssignedPartition[]): Promise<boolean> {
  const { kafka, signal } = run;
  const task = run.sink.task();
  return closeAfter(task, async () => {
    const stored = await untilGraceEnds('open', signal, task.open(run.config, taskContext(run, assigned)));
    const start = await untilAborted(signal, startPositions(run, assigned, stored));
    const { fetchBytes, partitionBytes = fetchBytes, fetchMinBytes, fetchWaitMs, batchRecords } = run.limits;
    const reader = await kafka.reader({
      assigned: start,
      maxBytes: fetchBytes,
      maxPartitionBytes: partitionBytes,
      ...(fetchMinBytes === undefined ? {} : { minBytes: fetchMinBytes }),
      ...(fetchWaitMs === undefined ? {} : { fetchWaitMs }),
      maxRecords: batchRecords,
      maxWaitMs: POLL_MS,
      signal,
    });
    return closeAfter(reader, async () => {
      const lag = await untilAborted(signal, SinkLag.create(kafka, assigned, start));
      const targets = run.untilCaughtUp ? new CatchUpTargets(lag.unreadEnds()) : undefined;
      if (targets?.isReached) return true;
      return runSinkLoop(run, { task, reader, assigned, stored, lag, targets });
    });
  });
}

function taskContext(run: SinkRun<unknown>, assigned: readonly AssignedPartition[]): SinkTaskContext {
  const { cluster, connector, generation, attempt, task, log, signal, observer } = run;
  const report: SinkTaskContext['report'] = figures => observer.figures(figures);
  return { cluster, connector, generation, attempt, task, log, signal, assigned, report };
}

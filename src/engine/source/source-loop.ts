import { setImmediate as immediate } from 'node:timers/promises';
import type { SourceBatch, SourceTask } from '../../api/index.ts';
import { untilGraceEnds } from '../grace.ts';
import type { RecordAppender } from './record-appender.ts';
import type { SourceRunContext } from './source-run.ts';
import type { TransactionCommitter } from './transaction-committer.ts';

const afterThisTurn = (): Promise<undefined> => immediate(undefined);

/** Reads, appends and commits until the signal aborts or the task has caught up. Rejects with the first error. */
export async function runSourceLoop(
  run: SourceRunContext,
  task: Pick<SourceTask<never>, 'read' | 'caughtUp'>,
  appender: RecordAppender,
  committer: TransactionCommitter,
): Promise<void> {
  const { signal, limits } = run;
  let reading: Promise<SourceBatch | null> | undefined;
  try {
    while (!signal.aborted) {
      reading ??= untilGraceEnds('read', signal, task.read());
      // Continues with the first of: a batch for the open transaction, the time to commit it, the end or failure of a commit.
      const commitEvent = committer.nextEvent();
      // A read that ends together with the commit interval comes first: its batch belongs to this transaction.
      const batch = await (commitEvent === undefined
        ? reading
        : Promise.race([reading, commitEvent.then(afterThisTurn)]));
      if (batch !== undefined) reading = undefined;
      if (batch) {
        await appender.append(committer.transaction, batch);
        committer.add(batch);
      }
      if (batch !== undefined && run.untilCaughtUp && (task.caughtUp?.() ?? batch === null)) {
        await committer.drain();
        if (!committer.isEmpty) committer.commit();
        break;
      }
      if (committer.isEmpty) {
        if (batch === null) await committer.drain();
        continue;
      }
      if (committer.isCommitting && committer.transaction.bytes >= limits.transactionBytes) await committer.drain();
      if (!committer.isCommitting && committer.isCommitDue()) committer.commit();
    }
    await committer.drain();
  } finally {
    // The first error is already being thrown; later ones are ignored.
    reading?.catch(() => {});
    await committer.drain()?.catch(() => {});
  }
}

import { messageOf } from '../../errors.ts';
import { logSkippedRecord } from '../error-log.ts';
import type { DeadLetter } from './dead-letter-queue.ts';
import type { SinkRunContext } from './sink-run.ts';

/** Counts and logs records that are left out, and sends them to the dead-letter queue if there is one. */
export async function skipRecords(
  run: Pick<SinkRunContext, 'observer' | 'confirm' | 'deadLetters' | 'errorLog' | 'log'>,
  deadLetters: readonly DeadLetter[],
): Promise<void> {
  if (deadLetters.length === 0) return;
  run.observer.skipped(deadLetters.length);
  for (const { topicPartition, raw, stage, componentClass, error } of deadLetters)
    logSkippedRecord(
      run,
      { stage, class: componentClass, reason: messageOf(error) },
      { ...topicPartition, offset: raw.offset, timestamp: raw.timestamp },
    );
  await run.confirm?.();
  await run.deadLetters?.send(deadLetters);
}

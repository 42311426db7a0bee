import type { DeadLetter } from './dead-letter-queue.ts';
import type { SinkRunContext } from './sink-run.ts';

/** Counts records that are left out, and sends them to the dead-letter queue if there is one. */
export async function skipRecords(
  { observer, confirm, deadLetters: queue }: Pick<SinkRunContext, 'observer' | 'confirm' | 'deadLetters'>,
  deadLetters: readonly DeadLetter[],
): Promise<void> {
  if (deadLetters.length === 0) return;
  observer.skipped(deadLetters.length);
  await confirm?.();
  await queue?.send(deadLetters);
}

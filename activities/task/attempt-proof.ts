import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '@temporalio/activity';
import type { Figures } from '../../src/connector/task/progress.ts';
import type { ContactState } from '../../src/data-plane/messages.ts';
import { FencedError } from '../../src/errors.ts';

/** Milliseconds between heartbeats while Temporal does not answer. */
const RETRY_MS = 500;

export interface AttemptProofDeps {
  /**
   * Records a heartbeat and awaits Temporal's answer. `ended`: the attempt was cancelled or replaced. Rejects if Temporal
   * does not answer.
   */
  heartbeat(
    taskToken: Uint8Array,
    figures: Figures,
  ): Promise<{ readonly ended: boolean; readonly state: ContactState }>;
}

/**
 * Resolves when Temporal confirms that this attempt is the current one; waits while Temporal is down. Rejects with
 * FencedError when the attempt was cancelled or replaced.
 */
export async function proveAttempt(
  { heartbeat }: AttemptProofDeps,
  { info, cancellationSignal }: Context,
  figures: () => Figures,
): Promise<ContactState> {
  while (!cancellationSignal.aborted) {
    const answer = await heartbeat(info.taskToken, figures()).catch(() => undefined);
    if (answer?.ended === false) return answer.state;
    if (answer?.ended === true) break;
    await delay(RETRY_MS, undefined, { signal: cancellationSignal }).catch(() => undefined);
  }
  throw new FencedError(
    'Temporal has ended this attempt of the activity: it was replaced by another one or cancelled.',
  );
}

import type { Client } from '@temporalio/client';
import { monotonicMs } from '../data-plane/temporal-contact.ts';

/** Interval of requests to Temporal. */
const PROBE_MS = 1000;
const PROBE_DEADLINE_MS = 1500;
/** A timer that is this late means that the process was frozen or had no CPU time. */
const INTERRUPTION_MS = 1000;
const TICK_MS = 250;

export interface Contact {
  /** Number of interruptions of this process. */
  readonly interruptions: number;
  close(): void;
}

/**
 * Watches this worker's contact with Temporal and interruptions of its process. onAnswer is called after each answer with
 * monotonicMs() before the request; onInterruption when the process continues after an interruption.
 */
export function watchContact(
  client: Client,
  observer: { onAnswer(at: number): void; onInterruption(): void },
): Contact {
  let interruptions = 0;
  let lastTick = monotonicMs();
  let lastProbe = 0;
  let isProbing = false;

  async function probe(): Promise<void> {
    isProbing = true;
    const at = monotonicMs();
    lastProbe = at;
    try {
      await client.withDeadline(Date.now() + PROBE_DEADLINE_MS, () => client.workflowService.getSystemInfo({}));
      observer.onAnswer(at);
    } catch {
      // The age of the last answer shows the failure.
    } finally {
      isProbing = false;
    }
  }

  const timer = setInterval(() => {
    const now = monotonicMs();
    if (now - lastTick > INTERRUPTION_MS) {
      interruptions++;
      observer.onInterruption();
    }
    lastTick = now;
    if (!isProbing && now - lastProbe >= PROBE_MS) void probe();
  }, TICK_MS);
  return {
    get interruptions() {
      return interruptions;
    },
    close: () => clearInterval(timer),
  };
}

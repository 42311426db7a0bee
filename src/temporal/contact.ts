import type { Client } from '@temporalio/client';
import { monotonicMs } from '../data-plane/temporal-contact.ts';

/** Interval of requests to Temporal. */
const PROBE_MS = 1000;
const PROBE_DEADLINE_MS = 1500;
/** A timer that is so late means that this process was frozen, or had no CPU for as long. */
const INTERRUPTION_MS = 1000;
const TICK_MS = 250;

export interface Contact {
  /** How often this process was interrupted so far. */
  readonly interruptions: number;
  close(): void;
}

/**
 * Watches whether this worker is in contact with Temporal and runs without interruption. heard: called after each answer
 * with monotonicMs() before the request. interrupted: called when the process goes on after an interruption.
 */
export function watchContact(client: Client, observer: { heard(at: number): void; interrupted(): void }): Contact {
  let interruptions = 0;
  let lastTick = monotonicMs();
  let lastProbe = 0;
  let probing = false;

  async function probe(): Promise<void> {
    probing = true;
    const at = monotonicMs();
    lastProbe = at;
    try {
      await client.withDeadline(Date.now() + PROBE_DEADLINE_MS, () => client.workflowService.getSystemInfo({}));
      observer.heard(at);
    } catch {
      // Its age shows it.
    } finally {
      probing = false;
    }
  }

  const timer = setInterval(() => {
    const now = monotonicMs();
    if (now - lastTick > INTERRUPTION_MS) {
      interruptions++;
      observer.interrupted();
    }
    lastTick = now;
    if (!probing && now - lastProbe >= PROBE_MS) void probe();
  }, TICK_MS);
  return {
    get interruptions() {
      return interruptions;
    },
    close: () => clearInterval(timer),
  };
}

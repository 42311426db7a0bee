import type { Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../api/index.ts';
import type { ToParent } from './messages.ts';
import { relay } from './relay.ts';

export interface SuperviseOptions {
  /** How many processes. */
  readonly count: number;
  /** Starts one of them; number: counted from 1. */
  fork(number: number): Worker;
  readonly log: Log;
}

export interface Supervised {
  /**
   * Settles when no process is left. false: the first ended before it had started, so that the others, who are started
   * behind it with the same settings, never were.
   */
  readonly ended: Promise<boolean>;
  /** Passes a signal on; whoever ends from now on is not started again. */
  stop(signal: NodeJS.Signals): void;
}

/** Before one that has ended is started again: doubling, back at the first when it has lived for a minute. */
const FIRST_WAIT_MS = 250;
const LAST_WAIT_MS = 30_000;
const STEADY_MS = 60_000;

/** Keeps `count` processes running until it is told to stop. */
export function supervise({ count, fork, log }: SuperviseOptions): Supervised {
  const leaving = new AbortController();
  const running = new Set<Worker>();
  const passOn = relay(() => [...running]);
  const others: Promise<void>[] = [];
  let started = false;

  /** The first has: the others find everything as it did. */
  function goOn(): void {
    if (started) return;
    started = true;
    for (let number = 2; number <= count; number++) others.push(keep(number));
  }

  /** One process from its start to its end. */
  async function live(number: number): Promise<void> {
    const child = fork(number);
    const { pid } = child.process;
    running.add(child);
    child.on('message', (message: ToParent) => {
      if (message.say === 'started') goOn();
      else passOn(child, message);
    });
    log.info({ process: number, pid }, 'process starts');
    const how = await new Promise<object>(resolve => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.on('error', error => {
        log.error({ process: number, pid, reason: error.message }, 'process has a fault');
        // One that could not be made does not end either.
        if (pid === undefined) resolve({});
      });
    });
    running.delete(child);
    log[leaving.signal.aborted ? 'info' : 'error']({ process: number, pid, ...how }, 'process ended');
  }

  async function keep(number: number): Promise<void> {
    for (let wait = FIRST_WAIT_MS; !leaving.signal.aborted; wait = Math.min(wait * 2, LAST_WAIT_MS)) {
      const began = performance.now();
      await live(number);
      if (leaving.signal.aborted || !started) return;
      if (performance.now() - began > STEADY_MS) wait = FIRST_WAIT_MS;
      log.info({ process: number, ms: wait }, 'process will be started again');
      await delay(wait, undefined, { signal: leaving.signal }).catch(() => undefined);
    }
  }

  return {
    ended: keep(1).then(async () => {
      await Promise.all(others);
      return started || leaving.signal.aborted;
    }),
    stop(signal) {
      leaving.abort();
      for (const child of running) child.process.kill(signal);
    },
  };
}

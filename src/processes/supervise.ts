import type { Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../api/index.ts';
import type { ToParent } from './messages.ts';
import { relay } from './relay.ts';

export interface SuperviseOptions {
  /** Number of processes. */
  readonly count: number;
  /** Starts a process. number: from 1. */
  fork(number: number): Worker;
  readonly log: Log;
}

export interface Supervised {
  /**
   * Settles when no process is left. false: the first process ended before it had started; the others, which are started
   * after it with the same settings, were not started.
   */
  readonly ended: Promise<boolean>;
  /** Forwards a signal to the processes; processes that end afterwards are not restarted. */
  stop(signal: NodeJS.Signals): void;
}

/** Wait before a restart: doubled each time, reset after the process has run for a minute. */
const FIRST_WAIT_MS = 250;
const LAST_WAIT_MS = 30_000;
const STEADY_MS = 60_000;

/** Runs `count` processes and restarts those that end, until `stop`. */
export function supervise({ count, fork, log }: SuperviseOptions): Supervised {
  const leaving = new AbortController();
  const running = new Set<Worker>();
  const forward = relay(() => [...running]);
  const others: Promise<void>[] = [];
  let started = false;

  /** Called when the first process has started: the others have the same settings. */
  function startOthers(): void {
    if (started) return;
    started = true;
    for (let number = 2; number <= count; number++) others.push(runAndRestart(number));
  }

  /** Runs one process until it ends. */
  async function run(number: number): Promise<void> {
    const child = fork(number);
    const { pid } = child.process;
    running.add(child);
    child.on('message', (message: ToParent) => {
      if (message.type === 'started') startOthers();
      else forward(child, message);
    });
    log.info({ process: number, pid }, 'process starts');
    const exit = await new Promise<object>(resolve => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.on('error', error => {
        log.error({ process: number, pid, reason: error.message }, 'process failed');
        // A process that could not be spawned emits no exit event.
        if (pid === undefined) resolve({});
      });
    });
    running.delete(child);
    log[leaving.signal.aborted ? 'info' : 'error']({ process: number, pid, ...exit }, 'process ended');
  }

  async function runAndRestart(number: number): Promise<void> {
    for (let wait = FIRST_WAIT_MS; !leaving.signal.aborted; wait = Math.min(wait * 2, LAST_WAIT_MS)) {
      const start = performance.now();
      await run(number);
      if (leaving.signal.aborted || !started) return;
      if (performance.now() - start > STEADY_MS) wait = FIRST_WAIT_MS;
      log.info({ process: number, ms: wait }, 'process will be restarted');
      await delay(wait, undefined, { signal: leaving.signal }).catch(() => undefined);
    }
  }

  return {
    ended: runAndRestart(1).then(async () => {
      await Promise.all(others);
      return started || leaving.signal.aborted;
    }),
    stop(signal) {
      leaving.abort();
      for (const child of running) child.process.kill(signal);
    },
  };
}

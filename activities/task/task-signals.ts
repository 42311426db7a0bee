import type { Log } from '../../src/api/index.ts';
import type { Figures } from '../../src/connector/task/progress.ts';
import { messageOf } from '../../src/errors.ts';
import { signals, type TaskFailureStreak } from '../../workflows/shared/messages.ts';
import { type FailureStreak, increment, isReported, retryMs, shouldReport, streakFigures } from './failure-streak.ts';

/** Topics in one signal, with names of up to 249 characters. */
const TOPICS_PER_SIGNAL = 100;

export interface TaskSignalsDeps {
  readonly task: number;
  /** Sends a signal; may reject. */
  send(signal: string, argument: unknown): Promise<void>;
  readonly log: Log;
}

/** Signals from one attempt of a task to its connector. Failed signals are sent again later; no method rejects. */
export class TaskSignals {
  readonly #deps: TaskSignalsDeps;
  #streak: FailureStreak | undefined;

  /** streak: that of the previous attempts. */
  constructor(deps: TaskSignalsDeps, streak: FailureStreak | undefined) {
    this.#deps = deps;
    this.#streak = streak;
  }

  /** Figures for the heartbeat. */
  get figures(): Figures {
    return streakFigures(this.#streak);
  }

  /** Reports topics and empties the set; topics whose signal failed are put back. */
  async reportTopics(unreported: Set<string>): Promise<void> {
    const topics = [...unreported];
    unreported.clear();
    for (let start = 0; start < topics.length; start += TOPICS_PER_SIGNAL) {
      const chunk = topics.slice(start, start + TOPICS_PER_SIGNAL);
      if (!(await this.#send(signals.usedTopics, chunk))) for (const topic of chunk) unreported.add(topic);
    }
  }

  /** Ends the failure streak, since this attempt makes progress. */
  async recovered(): Promise<void> {
    const before = this.#streak;
    this.#streak = undefined;
    if (before === undefined || !isReported(before)) return;
    if (!(await this.#sendStreak({ since: before.since }))) this.#streak ??= before;
  }

  /** Adds a failure to the streak; returns the milliseconds before the next attempt. */
  recordFailure(): number {
    this.#streak = increment(this.#streak);
    return retryMs(this.#streak);
  }

  /** Reports the last failure, if the streak is long enough. */
  async failing(failure: string): Promise<void> {
    const streak = this.#streak;
    if (streak !== undefined && shouldReport(streak)) await this.#sendStreak({ since: streak.since, failure });
  }

  #sendStreak(streak: Omit<TaskFailureStreak, 'task'>): Promise<boolean> {
    return this.#send(signals.troubled, { task: this.#deps.task, ...streak });
  }

  async #send(signal: string, argument: unknown): Promise<boolean> {
    try {
      await this.#deps.send(signal, argument);
      return true;
    } catch (error) {
      this.#deps.log.debug({ signal, reason: messageOf(error) }, 'a signal to the connector failed');
      return false;
    }
  }
}

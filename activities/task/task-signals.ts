import type { Log } from '../../src/api/index.ts';
import type { Snapshot } from '../../src/connector/task/progress.ts';
import { messageOf } from '../../src/errors.ts';
import { signals, type TaskFailureStreak } from '../../workflows/shared/messages.ts';
import { figuresOf, isToBeTold, isTold, oneMore, retryMs, type Trouble } from './failure-streak.ts';

/** Names of topics in one signal: of 249 characters each, as long as they may be. */
const TOPICS_AT_ONCE = 100;

export interface NewsDeps {
  readonly task: number;
  /** Sends a signal; may reject. */
  send(signal: string, argument: unknown): Promise<void>;
  readonly log: Log;
}

/** What one attempt of a task tells its connector. What does not get through is told again later; nothing here rejects. */
export class News {
  readonly #deps: NewsDeps;
  #trouble: Trouble | undefined;

  /** trouble: of the attempts before. */
  constructor(deps: NewsDeps, trouble: Trouble | undefined) {
    this.#deps = deps;
    this.#trouble = trouble;
  }

  /** For the heartbeat. */
  get figures(): Snapshot {
    return figuresOf(this.#trouble);
  }

  /** Reports topics and empties the set; those that did not get through are put back. */
  async topics(unreported: Set<string>): Promise<void> {
    const topics = [...unreported];
    unreported.clear();
    for (let at = 0; at < topics.length; at += TOPICS_AT_ONCE) {
      const some = topics.slice(at, at + TOPICS_AT_ONCE);
      if (!(await this.#told(signals.usedTopics, some))) for (const topic of some) unreported.add(topic);
    }
  }

  /** This attempt gets on: the failures before it are over. */
  async well(): Promise<void> {
    const before = this.#trouble;
    this.#trouble = undefined;
    if (before === undefined || !isTold(before)) return;
    if (!(await this.#tellTrouble({ since: before.since }))) this.#trouble ??= before;
  }

  /** Answers how many milliseconds to wait before the next attempt. */
  failed(): number {
    this.#trouble = oneMore(this.#trouble);
    return retryMs(this.#trouble);
  }

  /** Tells of the failure counted last, if so many are worth it. */
  async trouble(failure: string): Promise<void> {
    const trouble = this.#trouble;
    if (trouble !== undefined && isToBeTold(trouble)) await this.#tellTrouble({ since: trouble.since, failure });
  }

  #tellTrouble(of: Omit<TaskFailureStreak, 'task'>): Promise<boolean> {
    return this.#told(signals.troubled, { task: this.#deps.task, ...of });
  }

  async #told(signal: string, argument: unknown): Promise<boolean> {
    try {
      await this.#deps.send(signal, argument);
      return true;
    } catch (error) {
      this.#deps.log.debug({ signal, reason: messageOf(error) }, 'the connector could not be told');
      return false;
    }
  }
}

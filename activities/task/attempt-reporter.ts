import type { Context } from '@temporalio/activity';
import type { Figures } from '../../src/connector/task/progress.ts';
import type { TaskProgress } from '../../src/data-plane/messages.ts';
import { AttemptHistory } from './attempt-history.ts';
import { streakFrom } from './failure-streak.ts';
import { TaskSignals, type TaskSignalsDeps } from './task-signals.ts';

/** A task that has nothing to do counts as recovered after this time. */
const RECOVERED_MS = 60_000;
/** After this time the unusual ends of earlier attempts no longer count. */
const RESET_HISTORY_MS = 300_000;
/** Heartbeat interval of an idle task, rounded up to a tick of a second. */
const IDLE_HEARTBEAT_MS = 1500;

/** Heartbeats and signals of one attempt of a task. */
export class AttemptReporter {
  readonly signals: TaskSignals;
  readonly #context: Context;
  readonly #start = performance.now();
  readonly #unreportedTopics = new Set<string>();
  #history: AttemptHistory;
  #progress: TaskProgress = { figures: {}, topics: [], written: 0 };
  #lastHeartbeat = 0;

  constructor(context: Context, deps: TaskSignalsDeps) {
    const { heartbeatDetails } = context.info;
    this.signals = new TaskSignals(deps, streakFrom(heartbeatDetails));
    this.#context = context;
    this.#history = AttemptHistory.from(heartbeatDetails);
  }

  /** Unusual ends of earlier attempts; none after this attempt has run for a while. */
  get history(): AttemptHistory {
    return this.#age > RESET_HISTORY_MS ? AttemptHistory.from(undefined) : this.#history;
  }

  get hasRecovered(): boolean {
    return this.#progress.written > 0 || this.#age > RECOVERED_MS;
  }

  /** Figures of a heartbeat of the running attempt. */
  get figures(): Figures {
    return this.#figuresWith(this.history.figures);
  }

  heartbeat(): void {
    this.#heartbeat(this.history.figures);
  }

  /** Sends a heartbeat unless progress has sent one recently. */
  heartbeatIfIdle(): void {
    if (performance.now() - this.#lastHeartbeat > IDLE_HEARTBEAT_MS) this.heartbeat();
  }

  /** Sends the last heartbeat of the attempt: its details are passed to the next one. */
  lastHeartbeat(history = this.history): void {
    this.#heartbeat(history.lastFigures);
  }

  onProgress(progress: TaskProgress): void {
    this.#progress = progress;
    for (const topic of progress.topics) this.#unreportedTopics.add(topic);
    this.heartbeat();
    this.reportTopics();
    if (this.hasRecovered) void this.signals.recovered();
  }

  reportTopics(): void {
    void this.signals.reportTopics(this.#unreportedTopics);
  }

  get #age(): number {
    return performance.now() - this.#start;
  }

  #figuresWith(history: Figures): Figures {
    return { ...this.#progress.figures, ...this.signals.figures, ...history };
  }

  #heartbeat(history: Figures): void {
    this.#lastHeartbeat = performance.now();
    this.#context.heartbeat(this.#figuresWith(history));
  }
}

import type { TaskObserver } from '../engine/observer.ts';
import { Sampled } from './sampled-stat.ts';

export interface TaskName {
  readonly connector: string;
  readonly task: number;
  readonly type: 'source' | 'sink';
}

/**
 * What one attempt of a task has done since it began, in plain numbers: a few additions for each batch, and nothing
 * else until somebody scrapes.
 */
export class TaskMetrics implements Required<Omit<TaskObserver, 'topic'>> {
  readonly name: TaskName;
  readTotal = 0;
  bytesTotal = 0;
  writtenTotal = 0;
  skippedTotal = 0;
  deadLettersTotal = 0;
  deadLettersFailed = 0;
  /** Batches made durable. */
  commitTotal = 0;
  /** Milliseconds since 1970; 0: there was none. */
  lastSkip = 0;
  readonly reads: Sampled;
  readonly writes: Sampled;
  readonly skips: Sampled;
  readonly commits: Sampled;
  readonly commitMs: Sampled;
  /** What the connector reports of itself, numbers alone. */
  readonly reported = new Map<string, number>();
  readonly #onEnd: (metrics: TaskMetrics) => void;

  /** now: milliseconds of a clock that never goes back. onEnd: called once the task has ended. */
  constructor(name: TaskName, now: () => number, onEnd: (metrics: TaskMetrics) => void) {
    this.name = name;
    this.reads = new Sampled(now);
    this.writes = new Sampled(now);
    this.skips = new Sampled(now);
    this.commits = new Sampled(now);
    this.commitMs = new Sampled(now);
    this.#onEnd = onEnd;
  }

  /** Read, and neither written nor left out yet. */
  get active(): number {
    return Math.max(0, this.readTotal - this.writtenTotal - this.skippedTotal);
  }

  read(records: number, bytes: number): void {
    this.readTotal += records;
    this.bytesTotal += bytes;
    this.reads.add(records);
  }

  written(records: number, ms: number): void {
    this.writtenTotal += records;
    this.commitTotal++;
    this.writes.add(records);
    this.commits.add(1);
    this.commitMs.add(ms);
  }

  skipped(records: number): void {
    this.skippedTotal += records;
    this.lastSkip = Date.now();
    this.skips.add(records);
  }

  deadLetters(sent: number, failed: number): void {
    this.deadLettersTotal += sent;
    this.deadLettersFailed += failed;
  }

  figures(figures: Readonly<Record<string, number | string>>): void {
    for (const [name, value] of Object.entries(figures)) if (typeof value === 'number') this.reported.set(name, value);
  }

  ended(): void {
    this.#onEnd(this);
  }
}

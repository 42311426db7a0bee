import type { TaskObserver } from '../engine/observer.ts';
import { SampledStat } from './sampled-stat.ts';

export interface TaskName {
  readonly connector: string;
  readonly task: number;
  readonly type: 'source' | 'sink';
}

/**
 * Counters of one attempt of a task. They cost a few additions per batch; metrics are computed from them when they are scraped.
 */
export class TaskMetrics implements Required<Omit<TaskObserver, 'topic'>> {
  readonly name: TaskName;
  readTotal = 0;
  bytesTotal = 0;
  writtenTotal = 0;
  skippedTotal = 0;
  deadLettersTotal = 0;
  deadLettersFailed = 0;
  /** Committed batches. */
  commitTotal = 0;
  /** Milliseconds since 1970; 0: no record was skipped. */
  lastSkipAt = 0;
  readonly reads: SampledStat;
  readonly writes: SampledStat;
  readonly skips: SampledStat;
  readonly commits: SampledStat;
  readonly commitMs: SampledStat;
  /** Numbers that the connector reports. */
  readonly connectorFigures = new Map<string, number>();
  readonly #onEnd: (metrics: TaskMetrics) => void;

  /** now: milliseconds of a monotonic clock. onEnd: called when the task has ended. */
  constructor(name: TaskName, now: () => number, onEnd: (metrics: TaskMetrics) => void) {
    this.name = name;
    this.reads = new SampledStat(now);
    this.writes = new SampledStat(now);
    this.skips = new SampledStat(now);
    this.commits = new SampledStat(now);
    this.commitMs = new SampledStat(now);
    this.#onEnd = onEnd;
  }

  /** Records that were read and neither written nor skipped yet. */
  get activeRecords(): number {
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
    this.lastSkipAt = Date.now();
    this.skips.add(records);
  }

  deadLetters(sent: number, failed: number): void {
    this.deadLettersTotal += sent;
    this.deadLettersFailed += failed;
  }

  figures(figures: Readonly<Record<string, number | string>>): void {
    for (const [name, value] of Object.entries(figures))
      if (typeof value === 'number') this.connectorFigures.set(name, value);
  }

  ended(): void {
    this.#onEnd(this);
  }
}

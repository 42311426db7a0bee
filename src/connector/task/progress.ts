import type { TaskObserver } from '../../engine/observer.ts';

/** What a task's heartbeat tells, in the Temporal UI and in the status. */
export type Snapshot = Readonly<Record<string, number | string>>;

/** Counts what a task does; each `snapshot` also gives the rates since the one before. */
export class Progress implements TaskObserver {
  /** Another observer that hears the same. */
  readonly also: Partial<TaskObserver>;
  total = 0;
  private in = 0;
  private left = 0;
  /** Dead letters that the queue did not take. */
  private lost = 0;
  private used = new Set<string>();
  private named: Record<string, number | string> = {};
  private before = { at: performance.now(), in: 0, out: 0, left: 0 };
  private lastWrite = 0;

  constructor(also: Partial<TaskObserver>) {
    this.also = also;
  }

  read(records: number, bytes: number): void {
    this.in += records;
    this.also.read?.(records, bytes);
  }
  written(records: number, ms: number): void {
    this.total += records;
    this.lastWrite = ms;
    this.also.written?.(records, ms);
  }
  skipped(records: number): void {
    this.left += records;
    this.also.skipped?.(records);
  }
  deadLetters(sent: number, failed: number): void {
    this.lost += failed;
    this.also.deadLetters?.(sent, failed);
  }
  figures(figures: Snapshot): void {
    Object.assign(this.named, figures);
    this.also.figures?.(figures);
  }

  topic(name: string): void {
    this.used.add(name);
  }

  /** Topics used since this was last asked. */
  topics(): readonly string[] {
    const topics = [...this.used];
    this.used = new Set();
    return topics;
  }

  snapshot(): Snapshot {
    const now = { at: performance.now(), in: this.in, out: this.total, left: this.left };
    const seconds = (now.at - this.before.at) / 1000;
    const rate = (count: number) => (seconds > 0 ? Math.round(count / seconds) : 0);
    const shot = {
      records_read: this.in,
      records_written: this.total,
      ...(this.left > 0 ? { records_skipped: this.left } : {}),
      ...(this.lost > 0 ? { dead_letters_lost: this.lost } : {}),
      read_per_s: rate(now.in - this.before.in),
      written_per_s: rate(now.out - this.before.out),
      last_commit_ms: Math.round(this.lastWrite * 10) / 10,
      ...this.named,
    };
    this.before = now;
    return shot;
  }
}

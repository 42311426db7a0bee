import type { TaskObserver } from '../../engine/observer.ts';

/** Figures in a task's heartbeat, shown in the Temporal UI and in the status. */
export type Figures = Readonly<Record<string, number | string>>;

/** Counts the records of a task. Each `snapshot` contains the rates since the previous one. */
export class Progress implements TaskObserver {
  /** Receives the same calls. */
  readonly #observer: Partial<TaskObserver>;
  recordsWritten = 0;
  #recordsRead = 0;
  #recordsSkipped = 0;
  /** Dead letters that the queue did not accept. */
  #deadLettersLost = 0;
  #usedTopics = new Set<string>();
  #figures: Record<string, number | string> = {};
  #previous = { at: performance.now(), read: 0, written: 0 };
  #lastWriteMs = 0;

  constructor(observer: Partial<TaskObserver>) {
    this.#observer = observer;
  }

  read(records: number, bytes: number): void {
    this.#recordsRead += records;
    this.#observer.read?.(records, bytes);
  }
  written(records: number, ms: number): void {
    this.recordsWritten += records;
    this.#lastWriteMs = ms;
    this.#observer.written?.(records, ms);
  }
  skipped(records: number): void {
    this.#recordsSkipped += records;
    this.#observer.skipped?.(records);
  }
  deadLetters(sent: number, failed: number): void {
    this.#deadLettersLost += failed;
    this.#observer.deadLetters?.(sent, failed);
  }
  figures(figures: Figures): void {
    Object.assign(this.#figures, figures);
    this.#observer.figures?.(figures);
  }

  ended(): void {
    this.#observer.ended?.();
  }

  topic(name: string): void {
    this.#usedTopics.add(name);
  }

  /** Returns the topics used since the last call. */
  takeTopics(): readonly string[] {
    const topics = [...this.#usedTopics];
    this.#usedTopics = new Set();
    return topics;
  }

  snapshot(): Figures {
    const previous = this.#previous;
    const now = { at: performance.now(), read: this.#recordsRead, written: this.recordsWritten };
    const seconds = (now.at - previous.at) / 1000;
    const rate = (count: number) => (seconds > 0 ? Math.round(count / seconds) : 0);
    this.#previous = now;
    return {
      records_read: now.read,
      records_written: now.written,
      ...(this.#recordsSkipped > 0 ? { records_skipped: this.#recordsSkipped } : {}),
      ...(this.#deadLettersLost > 0 ? { dead_letters_lost: this.#deadLettersLost } : {}),
      read_per_s: rate(now.read - previous.read),
      written_per_s: rate(now.written - previous.written),
      last_commit_ms: Math.round(this.#lastWriteMs * 10) / 10,
      ...this.#figures,
    };
  }
}

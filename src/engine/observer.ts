/**
 * What a running task tells of itself, a call a batch. One implementation feeds heartbeats and metrics; the engine knows
 * of neither.
 */
export interface TaskObserver {
  /** Records came from the source or from Kafka. */
  read(records: number, bytes: number): void;
  /** Records are durable at the other end; ms: how long the write and its commit took. */
  written(records: number, ms: number): void;
  /** Records left out because `errors.tolerance` is all. */
  skipped(records: number): void;
  /** Dead letters were sent; failed: how many the queue did not take. */
  deadLetters?(sent: number, failed: number): void;
  /** Figures for people, by name; later ones replace earlier ones. */
  figures(figures: Readonly<Record<string, number | string>>): void;
  /** A topic is read from or written to: when it first is, and now and then while that goes on. */
  topic?(name: string): void;
  /** This attempt of the task has ended. Nothing is reported afterwards. */
  ended?(): void;
}

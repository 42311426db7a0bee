/** Receives the progress of a running task, one call per batch. The engine knows neither heartbeats nor metrics. */
export interface TaskObserver {
  /** Records were read from the source system or from Kafka. */
  read(records: number, bytes: number): void;
  /** Records are durable in the destination. ms: duration of the write and its commit. */
  written(records: number, ms: number): void;
  /** Records were left out because `errors.tolerance` is `all`. */
  skipped(records: number): void;
  /** Dead letters were sent. failed: those that the dead-letter queue rejected. */
  deadLetters?(sent: number, failed: number): void;
  /** Figures to show, by name; later values replace earlier ones. */
  figures(figures: Readonly<Record<string, number | string>>): void;
  /** The task reads from or writes to this topic: called at first use and repeated at intervals. */
  topic?(name: string): void;
  /** This attempt of the task has ended; no call follows. */
  ended?(): void;
}

import type { ConfigSpec, Log } from './component.ts';
import type { SourceOffset, SourcePartition, SourcePosition, SourceRecord } from './record.ts';

/** A source connector: it validates and plans; its tasks read. Its methods run in short activities, which may be retried. */
export interface SourceConnector<C> {
  readonly kind: 'source';
  readonly config: ConfigSpec<C>;
  /** Returns at most tasksMax task configurations; [] when there is nothing to read. May connect. Idempotent. */
  plan(config: C, tasksMax: number, context: PlanContext): Promise<readonly Record<string, string>[]>;
  /** Creates a task, without I/O; `open` is called before its other methods. */
  task(): SourceTask<C>;
  /**
   * Optional checks that need I/O, such as a login or the value of wal_level. Called by /validate and on creation. Returns
   * messages by configuration key.
   */
  validate?(config: C, context: PlanContext): Promise<Readonly<Record<string, readonly string[]>>>;
  /** Optional: removes resources that outlive a task (a slot, a publication) after the connector is deleted. Idempotent. */
  deleted?(config: C, context: PlanContext): Promise<void>;
  /**
   * Optional: validates positions that replace the stored ones (offset null: deleted), and changes copies that are stored
   * outside Kafka. Called while the connector is stopped. Rejects BAD_REQUEST for a partition or an offset of another
   * form. Idempotent.
   */
  alterOffsets?(config: C, positions: readonly SourcePosition[], context: PlanContext): Promise<void>;
}

export interface PlanContext {
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * A running task. Lifecycle: `open` once, `read` repeatedly, `close` once, also after a failed `open`. Methods are not called
 * concurrently, but a batch may be acknowledged while `read` waits.
 */
export interface SourceTask<C> {
  open(config: C, context: SourceTaskContext): Promise<void>;
  /**
   * Returns the available records, up to `context.maxBatchBytes`. When there are none, waits for about a second and then
   * returns null. Rejects with a MillraceError.
   */
  read(): Promise<SourceBatch | null>;
  /**
   * Optional: returns the place of a record in the source, for the message about a record of the last `read` that cannot be
   * written: `line 17 of /var/log/app.log`.
   */
  placeOf?(record: SourceRecord): Promise<string | undefined>;
  /**
   * Optional, called after each `read` of a task that runs on a schedule: returns true when everything that existed at
   * `open` has been read. Default: true after a `read` that returned null.
   */
  caughtUp?(): boolean;
  /** Releases all resources and ends a pending `read`. Idempotent. */
  close(): Promise<void>;
}

export interface SourceTaskContext {
  readonly connector: string;
  readonly task: number;
  readonly log: Log;
  /** Aborted when the task must stop; a pending `read` must return null or reject within 10 s. */
  readonly signal: AbortSignal;
  /** Committed offsets of this connector, loaded once, after fencing and before `open`. */
  readonly positions: PositionReader;
  /** Approximate limit of source data in a batch, in bytes. */
  readonly maxBatchBytes: number;
  /**
   * Resolves when records that `read` returns can be committed; undefined: they can be now. A source of small batches may
   * collect records until then.
   */
  untilCommit?(): Promise<void> | undefined;
  /** Reports figures for metrics, heartbeats and the console. Cheap; call it at most once for each batch. */
  report(figures: Readonly<Record<string, number | string>>): void;
}

export interface PositionReader {
  get(partition: SourcePartition): SourceOffset;
  all(): readonly SourcePosition[];
}

/**
 * Records and the positions after them, committed atomically. A batch ends at a commit of the source; a transaction larger
 * than `maxBatchBytes` is split at a place that the position describes exactly, with the number of records to skip.
 */
export interface SourceBatch {
  readonly records: readonly SourceRecord[];
  /** Written in the same Kafka transaction, in this order. Either `positions` or `records` may be [], not both. */
  readonly positions: readonly SourcePosition[];
  /** Bytes of source data, by which queues are limited. */
  readonly bytes: number;
  /**
   * Optional, called after this batch and all earlier ones are committed in Kafka, so that the source may discard them. Must
   * not throw for a lost connection; any error ends the task.
   */
  acknowledge?(): void;
}

import type { ConfigSpec, Log } from './component.ts';
import type { SourceOffset, SourcePartition, SourcePosition, SourceRecord } from './record.ts';

/**
 * What a source connector is: pure planning. Constructed by its module's factory with parsed configuration; it runs in
 * a short activity, so `plan` may connect, and must be idempotent.
 */
export interface SourceConnector<C> {
  readonly kind: 'source';
  readonly config: ConfigSpec<C>;
  /** Task configurations, tasksMax at most; [] where there is nothing to do. May connect. Idempotent. */
  plan(config: C, tasksMax: number, context: PlanContext): Promise<readonly Record<string, string>[]>;
  /** A task that has not been opened. Does no I/O. */
  task(): SourceTask<C>;
  /**
   * Optional checks that need I/O (can it log in, is wal_level right), run by /validate and on creation: messages by
   * configuration name. Default: none.
   */
  validate?(config: C, context: PlanContext): Promise<Readonly<Record<string, readonly string[]>>>;
  /** Optional: frees what outlives a task (a slot, a publication) when the connector is deleted. Idempotent. */
  deleted?(config: C, context: PlanContext): Promise<void>;
  /**
   * Optional: looks at positions that someone wants in the place of the stored ones (offset null: taken back), and moves
   * whatever of them it keeps outside of Kafka. The connector is stopped. Rejects BAD_REQUEST for a partition or an
   * offset that is none of its own. Idempotent.
   */
  alterOffsets?(config: C, positions: readonly SourcePosition[], context: PlanContext): Promise<void>;
}

export interface PlanContext {
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * One running reader. Lifecycle: `open` once, `read` again and again, `acknowledge` in between, `close` once, also after
 * a failed `open`. Never called concurrently, but for `acknowledge`, which comes while a `read` is waiting.
 */
export interface SourceTask<C> {
  open(config: C, context: SourceTaskContext): Promise<void>;
  /**
   * The next batch, as soon as there is anything; waits while there is nothing, bounded to about a second, then null.
   * Takes all that is there, up to `context.maxBatchBytes`. Rejects with a MillraceError.
   */
  read(): Promise<SourceBatch | null>;
  /**
   * The batch and all before it are committed in Kafka: the source may forget them. Must not throw for lost links; any
   * error ends the task.
   */
  acknowledge(batch: SourceBatch): void;
  /**
   * Optional, asked for a record of the last `read` that cannot be written: where it comes from, for the message, such as
   * `line 17 of /var/log/app.log`.
   */
  placeOf?(record: SourceRecord): Promise<string | undefined>;
  /**
   * Optional, asked after each `read`, of a task that runs on a schedule: whether everything has been read that was there
   * when it was opened. Default: a `read` that has found nothing.
   */
  caughtUp?(): boolean;
  /** Frees everything. Idempotent; also ends a pending `read`. */
  close(): Promise<void>;
}

export interface SourceTaskContext {
  readonly connector: string;
  readonly task: number;
  readonly log: Log;
  /** Aborted when the task must stop. A waiting `read` then returns null or rejects, within 10 s. */
  readonly signal: AbortSignal;
  /** Committed offsets of this connector. Loaded once, before `open`, after fencing. */
  readonly positions: PositionReader;
  /** About how many bytes of source data a batch may hold. */
  readonly maxBatchBytes: number;
  /**
   * Resolves when records that `read` hands out can be committed; undefined: at once. A source whose batches are small may
   * collect until then.
   */
  untilCommit?(): Promise<void> | undefined;
  /** Figures for people: metrics, heartbeats, console. Cheap; call it at most once for each batch. */
  report(figures: Readonly<Record<string, number | string>>): void;
}

export interface PositionReader {
  get(partition: SourcePartition): SourceOffset;
  all(): readonly SourcePosition[];
}

/**
 * Records and the position behind them, committed as one: cut where the source has committed, or, for a source
 * transaction beyond `maxBatchBytes`, at a place that the position describes exactly (and says how much to skip).
 */
export interface SourceBatch {
  readonly records: readonly SourceRecord[];
  /** Written in the same Kafka transaction, in this order; may be [] and `records` may be [] (then not both). */
  readonly positions: readonly SourcePosition[];
  /** Bytes of source data, for bounding queues. */
  readonly bytes: number;
}

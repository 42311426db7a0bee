import type { ConfigSpec, Log } from './component.ts';
import type { SinkRecord } from './record.ts';
import type { PlanContext } from './source.ts';

/** A sink connector. The engine plans its tasks and distributes partitions over tasks.max. */
export interface SinkConnector<C> {
  readonly kind: 'sink';
  readonly config: ConfigSpec<C>;
  /** Creates a task, without I/O; `open` is called before its other methods. */
  task(): SinkTask<C>;
  /** Like SourceConnector.validate. */
  validate?(config: C, context: PlanContext): Promise<Readonly<Record<string, readonly string[]>>>;
  /**
   * For a sink that stores its own positions: replaces them; next null deletes that of a partition. Called while the
   * connector is stopped. Rejects BAD_REQUEST for a position that it cannot resume from, FencedError when a newer writer
   * has claimed a partition. Idempotent.
   */
  alterOffsets?(
    config: C,
    writer: SinkWriter,
    positions: readonly AlteredPosition[],
    context: PlanContext,
  ): Promise<void>;
  /**
   * For a sink that compares generations: rejects every later write of a writer older than this one, for all partitions.
   * Called after the connector's tasks have ended or timed out, with the configuration that they had. Idempotent.
   */
  fence?(config: C, writer: SinkWriter, context: PlanContext): Promise<void>;
}

/**
 * Identity of one attempt of a connector's task. A sink that stores its own positions stores it with them. The newer of two
 * writers has the greater generation, or the same generation and the greater attempt.
 */
export interface SinkWriter {
  /** Kafka's cluster id and the workers' `group.id`, because another cluster may have a connector of the same name. */
  readonly cluster: string;
  readonly connector: string;
  readonly generation: number;
  readonly attempt: number;
}

export interface AlteredPosition extends AssignedPartition {
  readonly next: number | null;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface AssignedPartition extends TopicPartition {
  /** Kafka's topic id, which a re-created topic of the same name does not share. '' when the broker has no topic ids. */
  readonly topicId: string;
}

/**
 * A running task. Lifecycle: `open` once, `write` repeatedly, never concurrently, `close` once, also after a failed `open`.
 */
export interface SinkTask<C> {
  /**
   * Connects, and returns the next offset of each assigned partition whose position the sink stores itself, with its rows.
   * Other partitions start from the consumer group's committed offset. A sink that compares generations claims the assigned
   * partitions: it rejects later writes of older writers, and rejects with FencedError when a newer one has claimed them.
   */
  open(config: C, context: SinkTaskContext): Promise<readonly SinkPosition[]>;
  /**
   * Writes the batch atomically and durably. A sink that stores its own positions moves them from `from` to `next` in the
   * same transaction, and rejects with FencedError when another writer has moved them.
   * Rejects with a retriable error for a temporary failure, with DataError and the index of a record that cannot be
   * written, or with DataErrors for several such records; nothing of the batch is then written.
   */
  write(batch: SinkBatch): Promise<void>;
  close(): Promise<void>;
}

export interface SinkTaskContext extends SinkWriter {
  readonly task: number;
  readonly log: Log;
  /** Aborted when the task must stop; a pending `write` must end within 10 s. */
  readonly signal: AbortSignal;
  readonly assigned: readonly AssignedPartition[];
  report(figures: Readonly<Record<string, number | string>>): void;
}

export interface SinkPosition extends TopicPartition {
  /** The next offset to read. */
  readonly next: number;
  /** Id of the topic of the offset; undefined when it is not stored. */
  readonly topicId?: string;
}

export interface SinkBatch {
  /** In offset order for each original partition, without records that a transform dropped. */
  readonly records: readonly SinkRecord[];
  /** For each original partition in the batch: the positions before and after it. */
  readonly positions: readonly SinkProgress[];
}

export interface SinkProgress extends TopicPartition {
  /** Position before the batch, which the sink must have stored; null when it has none yet. */
  readonly from: number | null;
  readonly next: number;
  /** Last stable offset of the partition when the batch was fetched; no earlier task has read a record beyond it. */
  readonly end: number;
}

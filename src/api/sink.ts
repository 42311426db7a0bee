import type { ConfigSpec, Log } from './component.ts';
import type { SinkRecord } from './record.ts';
import type { PlanContext } from './source.ts';

/** What a sink connector is. The engine plans its tasks: partitions are spread over tasks.max. */
export interface SinkConnector<C> {
  readonly kind: 'sink';
  readonly config: ConfigSpec<C>;
  /** A task that has not been opened. Does no I/O. */
  task(): SinkTask<C>;
  /** As SourceConnector.validate. */
  validate?(config: C, context: PlanContext): Promise<Readonly<Record<string, readonly string[]>>>;
  /**
   * For a sink that holds its own positions: puts these in their place; next null: it holds none for that partition. The
   * connector is stopped. Rejects BAD_REQUEST for what it cannot go to, FencedError where a newer writer holds one of
   * them. Idempotent.
   */
  alterOffsets?(
    config: C,
    writer: SinkWriter,
    positions: readonly AlteredPosition[],
    context: PlanContext,
  ): Promise<void>;
  /**
   * For a sink that compares generations: refuses every writer that is older than this one from now on, whatever partition
   * it writes. Called after the connector's tasks have ended or timed out, with the configuration that they had. Idempotent.
   */
  fence?(config: C, writer: SinkWriter, context: PlanContext): Promise<void>;
}

/**
 * Identity of one attempt of a connector's task. A sink that holds its own positions stores it beside them. Of two
 * writers, the newer one has the greater generation, or the same generation and the greater attempt.
 */
export interface SinkWriter {
  /** Kafka's cluster id and the workers' `group.id`: another cluster may have a connector of the same name. */
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
  /** Kafka's id of the topic: another one is another topic of the same name. '' where the broker has no ids. */
  readonly topicId: string;
}

/**
 * One running writer. Lifecycle: `open` once, `write` again and again, never concurrently, `close` once, also after a
 * failed `open`.
 */
export interface SinkTask<C> {
  /**
   * Connects, and answers the next offset of each assigned partition whose position this sink holds itself (beside its
   * rows). A partition left out starts from the consumer group's committed offset. A sink that compares generations claims
   * the assigned partitions: from now on it refuses older writers, and rejects FencedError where it meets a newer one.
   */
  open(config: C, context: SinkTaskContext): Promise<readonly SinkPosition[]>;
  /**
   * Makes the batch durable, whole or not at all, and, for a sink that holds its own positions, moves them from `from`
   * to `next` in the same transaction, refusing (FencedError) where somebody else has moved them.
   * Rejects with a retriable error for what passes by itself, DataError (with the index of the record) for a record
   * that cannot be written, or DataErrors for all that are known of the batch: nothing of it is then written.
   */
  write(batch: SinkBatch): Promise<void>;
  close(): Promise<void>;
}

export interface SinkTaskContext extends SinkWriter {
  readonly task: number;
  readonly log: Log;
  /** Aborted when the task must stop. `write` then ends within 10 s. */
  readonly signal: AbortSignal;
  readonly assigned: readonly AssignedPartition[];
  report(figures: Readonly<Record<string, number | string>>): void;
}

export interface SinkPosition extends TopicPartition {
  /** The next offset to read. */
  readonly next: number;
  /** Id of the topic that it is an offset of. Left out: not stored. */
  readonly topicId?: string;
}

export interface SinkBatch {
  /** In offset order for each original partition; records that a transform dropped are not among them. */
  readonly records: readonly SinkRecord[];
  /** For each original partition in the batch: the position before it and the one behind it. */
  readonly positions: readonly SinkProgress[];
}

export interface SinkProgress extends TopicPartition {
  /** Position before the batch: what the sink must still hold. null: no position held yet. */
  readonly from: number | null;
  readonly next: number;
  /** End of the partition (last stable offset) when the batch was fetched: no earlier task has read any record beyond it. */
  readonly end: number;
}

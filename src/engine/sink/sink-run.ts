import type { AssignedPartition, Log, SinkConnector, SinkWriter } from '../../api/index.ts';
import type { OffsetReset } from '../../config/connector-config/offset-reset.ts';
import type { KafkaClient } from '../../kafka/port.ts';
import type { ErrorLog } from '../error-log.ts';
import type { TaskObserver } from '../observer.ts';
import type { DeadLetterQueue } from './dead-letter-queue.ts';
import type { RecordDecoder } from './record-decoder.ts';

/** A sink task to run, with its connector. */
export interface SinkRun<C> extends SinkRunContext {
  readonly sink: SinkConnector<C>;
  readonly config: C;
}

/** Identity, settings and services of a running sink task. */
export interface SinkRunContext extends SinkWriter {
  readonly task: number;
  readonly kafka: KafkaClient;
  /** Consumer group of the connector: holds the positions of sinks that store none, and shows the lag to monitoring tools. */
  readonly group: string;
  /** Partitions assigned to this task; called at intervals, as topics are created and extended. */
  readonly assignment: () => Promise<readonly AssignedPartition[]>;
  /** `auto.offset.reset`: the start of partitions without a position. */
  readonly reset: OffsetReset;
  /** `millrace.topic.recreated`: applies where the sink stores a position of an earlier topic of the same name. */
  readonly onRecreatedTopic: 'fail' | 'earliest';
  readonly decoder: RecordDecoder;
  /** True if `errors.tolerance` is `all`. */
  readonly tolerant: boolean;
  readonly errorLog: ErrorLog;
  readonly deadLetters: DeadLetterQueue | null;
  readonly limits: SinkLimits;
  /** True: the task ends when it has written what its partitions contained at its start. Default: it runs until the signal aborts. */
  readonly untilCaughtUp?: boolean;
  readonly observer: TaskObserver;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** See SourceRun. */
  readonly confirm?: () => Promise<void> | undefined;
}

export interface SinkLimits {
  /** Approximate bytes of a fetch. */
  readonly fetchBytes: number;
  /** Bytes of one partition in a fetch. Default: `fetchBytes`. */
  readonly partitionBytes?: number | undefined;
  /** See ReaderOptions. */
  readonly fetchMinBytes?: number | undefined;
  readonly fetchWaitMs?: number | undefined;
  /** Records in a batch. */
  readonly batchRecords: number;
  /** Milliseconds between refreshes of the assignment. */
  readonly refreshMs: number;
  /** Milliseconds between commits of the group offsets. */
  readonly commitMs: number;
}

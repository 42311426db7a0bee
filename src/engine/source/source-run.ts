import type { Log, SourceConnector } from '../../api/index.ts';
import type { KafkaClient, NewTopic, ProducerOptions } from '../../kafka/port.ts';
import type { ErrorLog } from '../error-log.ts';
import type { TaskObserver } from '../observer.ts';
import type { OffsetStore } from '../offset-store.ts';
import type { RecordEncoder } from './record-encoder.ts';

/** A source task to run, with its connector. */
export interface SourceRun<C> extends SourceRunContext {
  readonly source: SourceConnector<C>;
  readonly config: C;
}

/** Identity, settings and services of a running source task. */
export interface SourceRunContext {
  readonly connector: string;
  readonly task: number;
  readonly kafka: KafkaClient;
  readonly producer: ProducerOptions;
  readonly offsets: OffsetStore;
  readonly encoder: RecordEncoder;
  readonly topics: TopicSettings;
  readonly limits: SourceLimits;
  readonly observer: TaskObserver;
  readonly errorLog: ErrorLog;
  readonly log: Log;
  /** True: the task ends when it has caught up. Default: it runs until the signal aborts. */
  readonly untilCaughtUp?: boolean;
  /** Aborted when the task must stop; a commit in flight is still completed. */
  readonly signal: AbortSignal;
  /**
   * Called before each write. Returns a promise only if it is uncertain that this attempt is the current one; it rejects
   * when another attempt has replaced this one. Default: this attempt is always the current one.
   */
  readonly confirm?: () => Promise<void> | undefined;
}

export interface TopicSettings {
  /** Settings to create a missing topic with; null leaves its creation to the broker. */
  newTopic(topic: string): NewTopic | null;
}

export interface SourceLimits {
  /** Approximate source bytes that one `read` may return. */
  readonly batchBytes: number;
  /** Encoded bytes at which a transaction accepts no further batch. */
  readonly transactionBytes: number;
  /** Least milliseconds between the starts of two commits; a large transaction is committed earlier. */
  readonly commitIntervalMs: number;
}

import type { TopicPartition } from '../api/index.ts';

/**
 * Kafka client as the engine uses it. Errors are MillraceErrors: KAFKA_UNAVAILABLE is retriable; FENCED means a newer producer of the
 * same transactional id; COMMIT_UNKNOWN means that the response to a commit was lost; SINK_SETUP and SOURCE_SETUP require a
 * correction, such as a missing permission or topic.
 */
export interface KafkaClient {
  /**
   * Initializes the epoch of `transactionalId`. When it resolves, older producers of the id are fenced and their open transactions
   * have ended, so committed offsets read from `positionTopics` afterwards are final.
   */
  producer(options: ProducerOptions): Promise<TransactionalProducer>;
  /**
   * Fences the producers of transactional ids before they are used again, on one connection to each coordinator. Returns the
   * `fence` option of `producer` for each id, in order; undefined for an id that was never used.
   */
  fence(ids: readonly TransactionalId[], signal: AbortSignal): Promise<readonly (ProducerFence | undefined)[]>;
  /** Reads committed records of assigned partitions from offsets on, without a consumer group. */
  reader(options: ReaderOptions): Promise<Reader>;
  /**
   * Reads a compacted topic once, up to its current end: all accepted and committed records, in offset order for each partition.
   * Unlike a reader it does not stop at an open transaction, unless that contains keys to wait for. Resolves with the
   * transactions that were still open after the wait; their records are left out. KAFKA_UNAVAILABLE; the signal's reason when
   * that is aborted.
   */
  readCommitted(topic: string, options: CommittedReadOptions): Promise<readonly OpenTransaction[]>;
  readonly admin: KafkaAdmin;
  /** Closes all producers and readers; pending requests reject. The client itself remains usable. */
  disconnect(): void;
  close(): Promise<void>;
}

export interface CommittedReadOptions {
  accepts(key: Buffer): boolean;
  /** Selects accepted keys for whose open transactions to wait. Default: all. */
  waitsFor?(key: Buffer): boolean;
  /** Receives a record. Both buffers are valid until it returns. */
  onRecord(key: Buffer, value: Buffer | null): void;
  /** Milliseconds to wait for open transactions with these keys. */
  readonly openTransactionWaitMs: number;
  readonly signal?: AbortSignal;
}

/** A transaction that is open in a partition. Optional fields require permission to describe it. */
export interface OpenTransaction extends TopicPartition {
  readonly producerId: number;
  /** The transactional id. */
  readonly id?: string;
  /** State at its coordinator: Ongoing; another state means that the transaction hangs in this partition. */
  readonly state?: string;
  /** `transaction.timeout.ms` */
  readonly timeoutMs?: number;
  /** Milliseconds since 1970. */
  readonly startedAt?: number;
}

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Outcome of a transaction. 'unknown': its coordinator no longer stores it. */
export type TransactionOutcome = 'committed' | 'aborted' | 'unknown';

/** Epoch that fenced a transactional id, and the outcome of the last transaction before it. */
export interface ProducerFence {
  readonly producerId: string;
  readonly epoch: number;
  readonly outcome: TransactionOutcome;
}

export interface TransactionalId {
  readonly transactionalId: string;
  /** `transaction.timeout.ms`: the broker aborts older transactions. */
  readonly transactionTimeoutMs: number;
  /** Result of the last `fence` of the id. Only it has the outcome of the previous transaction, as fencing discards that. */
  readonly fence?: ProducerFence;
}

export interface ProducerOptions extends TransactionalId {
  readonly compression: Compression;
  /** `max.request.size`: bytes of a record before compression. Default: the topic's limit. */
  readonly maxRequestBytes?: number;
  /** `batch.size`: bytes of a record batch with several records, before compression. Default: the topic's limit. */
  readonly batchBytes?: number;
  /** Topics from which positions are read after fencing; no transaction of this id is open in them then. */
  readonly positionTopics?: readonly string[];
  /** Cancels the initialization of the epoch; no effect afterwards. */
  readonly signal?: AbortSignal;
}

/** Producer with one transaction at a time. After a rejection it cannot be used: close it and create another. */
export interface TransactionalProducer {
  /** Creates an empty batch for the records of a transaction. Any number may exist; memory is reused after `commit`. */
  batch(): ProducerBatch;
  /** Loads the partition counts and limits of topics, which `batch.append` requires. KAFKA_UNAVAILABLE, SOURCE_SETUP. */
  prepare(topics: readonly string[]): Promise<void>;
  /** Writes the batch and commits it as one Kafka transaction. Must not be called during another commit. */
  commit(batch: ProducerBatch, groupOffsets?: GroupOffsets): Promise<void>;
  close(): Promise<void>;
}

export interface GroupOffsets {
  readonly group: string;
  readonly offsets: readonly GroupOffset[];
}

/** Called before each attempt of a request. If it rejects, the request is not sent and the call rejects. */
export type Confirm = () => Promise<void> | undefined;

export interface GroupOffset extends PartitionOffset {
  /** Metadata of the commit. Default: ''. */
  readonly metadata?: string;
}

/** Records of a transaction. Each is encoded into a record batch (format v2) of its partition when it is appended. */
export interface ProducerBatch {
  readonly records: number;
  /** Encoded bytes before compression. */
  readonly bytes: number;
  /**
   * Key and value are source[start, end); a start of -1 means null. partition null: murmur2 of the key, like Kafka's
   * partitioner, or one partition per batch for records without a key. timestamp null: now. The bytes are copied before it
   * returns. Throws DataError for a record that the topic rejects, RecordTooLargeError for one that is too large; the batch is
   * unchanged then.
   *
   * Returns a promise only for a record that must be compressed to check its size. No record may be appended until it
   * settles.
   */
  append(
    topic: string,
    partition: number | null,
    timestamp: number | null,
    source: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    headers: readonly RawHeader[],
  ): Promise<void> | undefined;
}

export interface RawHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

export interface ReaderOptions {
  /** Partitions and start offsets. An offset below the low watermark is an error and causes no reset. */
  readonly assigned: readonly ReadPosition[];
  /** Approximate bytes of a fetch from all partitions. */
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
  /** Milliseconds that a poll waits for the first record. */
  readonly maxWaitMs: number;
  /** `fetch.min.bytes`. Default: 1. */
  readonly minBytes?: number;
  /** `fetch.max.wait.ms`: milliseconds that the broker waits for `minBytes`. Default: `maxWaitMs`. */
  readonly fetchWaitMs?: number;
  /** Records that one poll returns at most; fewer if they are large. */
  readonly maxRecords?: number;
  /** Closes the reader. */
  readonly signal?: AbortSignal;
}

export interface ReadPosition extends PartitionOffset {
  /** Restricts the read to the topic with this id. undefined or '': the current topic of this name. */
  readonly topicId?: string;
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

export interface Reader {
  /**
   * Returns fetched records by partition, in offset order, while the next fetch is in flight. [] after `maxWaitMs` without
   * records, or when the reader is closed. KAFKA_UNAVAILABLE; SOURCE_POSITION_LOST if an offset no longer exists. Must not be
   * called during another poll.
   */
  poll(): Promise<readonly FetchedRecords[]>;
  close(): Promise<void>;
}

export interface FetchedRecords extends TopicPartition {
  readonly records: readonly RawRecord[];
  /** Batches in this range that cannot be read, in offset order; undefined if there are none. */
  readonly unreadable?: readonly UnreadableBatch[];
  /** Offset after these records, including aborted and control records. */
  readonly next: number;
  /** Last stable offset of the partition: the end for committed reads. */
  readonly end: number;
}

/** A batch that the broker accepted and no reader can decode. */
export interface UnreadableBatch {
  readonly offset: number;
  readonly records: number;
  readonly reason: string;
}

export interface RawRecord {
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /**
   * View into the fetched bytes, valid until two further polls have returned records, so that one batch can be decoded while the
   * previous one is being written.
   */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RawHeader[];
  /** Bytes of key and value; does not create the views. */
  readonly size: number;
}

export interface NewTopic {
  readonly topic: string;
  /** -1: the broker's default. */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config?: Readonly<Record<string, string>>;
}

export interface PartitionOffsets extends TopicPartition {
  /** Low watermark: the first existing offset. */
  readonly low: number;
  /** Last stable offset: the end for committed reads. */
  readonly end: number;
  /**
   * High watermark: greater than `end` while any transaction is open. Records committed after the start of that transaction are read
   * only after it has ended; to read all that is committed, read up to this offset.
   */
  readonly high: number;
}

export interface TopicDescription {
  readonly partitions: number;
  /** '' before Kafka 2.8, which has no topic ids. A topic that is deleted and created again has another id. */
  readonly topicId: string;
}

export interface KafkaAdmin {
  clusterId(): Promise<string>;
  /** Partition counts of existing topics. Never creates topics. */
  partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Describes existing topics. Never creates topics. */
  describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>>;
  topics(): Promise<readonly string[]>;
  /** Creates missing topics and waits until every partition has a leader. Does not change existing topics. */
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  deleteTopics(topics: readonly string[]): Promise<void>;
  /** Offsets of each partition, in the order of `partitions`. */
  offsets(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffsets[]>;
  /**
   * Offset of the first record of each partition with this timestamp (milliseconds since 1970) or a later one, in the order of
   * `partitions`; null if there is none.
   */
  offsetsForTimestamp(partitions: readonly TopicPartition[], timestamp: number): Promise<readonly (number | null)[]>;
  /** Configuration of a topic, including defaults, without sensitive values. */
  topicConfig(topic: string): Promise<ReadonlyMap<string, string>>;
  /** Committed offsets of a group. Default: of all its partitions. Partitions without an offset are left out. */
  groupOffsets(group: string, partitions?: readonly TopicPartition[]): Promise<readonly GroupOffset[]>;
  /** Commits for a group that has no members, in one request. */
  commitGroupOffsets(offsets: GroupOffsets, confirm?: Confirm): Promise<void>;
  /** Deletes committed offsets of a group that has no members. Idempotent. */
  deleteGroupOffsets(group: string, partitions: readonly TopicPartition[], confirm?: Confirm): Promise<void>;
}

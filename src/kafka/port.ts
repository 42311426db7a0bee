import type { TopicPartition } from '../api/index.ts';

/**
 * What Millrace needs of a Kafka client, and no more. Errors are MillraceErrors: KAFKA_UNAVAILABLE for what passes by
 * itself, FENCED for a newer producer of the same id, COMMIT_UNKNOWN for a commit whose reply was lost, SINK_SETUP or
 * SOURCE_SETUP for what someone must mend (authorisation, a topic that is missing and may not be made).
 */
export interface KafkaClient {
  /**
   * Opens the epoch of `transactionalId`: when it resolves, every older producer of that id is fenced and its open
   * transaction aborted, so committed offsets read from now on, out of `positions`, are the last word.
   */
  producer(options: ProducerOptions): Promise<TransactionalProducer>;
  /**
   * Fences the producers of transactional ids before they are used again, over one connection to each coordinator.
   * Answers in the order given what `producer` needs to know of it; undefined for an id that was never used.
   */
  fence(ids: readonly TransactionalId[], signal: AbortSignal): Promise<readonly (ProducerFence | undefined)[]>;
  /** Reads assigned partitions from given offsets, committed records only; no consumer group. */
  reader(options: ReaderOptions): Promise<Reader>;
  /**
   * Reads a compacted topic once, up to the end that it has when this is called: every wanted record that is committed, those of a
   * partition in the order of their offsets. Unlike what a reader gets they include those after the beginning of an
   * open transaction that holds nothing awaited. Resolves with the open transactions that do, and were waited for in vain;
   * their records are left out. KAFKA_UNAVAILABLE; the signal's reason when that is aborted.
   */
  readCommitted(topic: string, options: CommittedReadOptions): Promise<readonly OpenTransaction[]>;
  readonly admin: KafkaAdmin;
  /** Closes all producers and readers: what waits for Kafka rejects. The client itself can be used on. */
  disconnect(): void;
  close(): Promise<void>;
}

export interface CommittedReadOptions {
  wanted(key: Buffer): boolean;
  /** Which of the wanted records are worth waiting for; default: all. */
  awaited?(key: Buffer): boolean;
  /** Both are valid until it returns. */
  take(key: Buffer, value: Buffer | null): void;
  /** Milliseconds to wait for open transactions that hold awaited records. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal;
}

/** A transaction that is open in a partition, and what Kafka tells of it where it may be asked. */
export interface OpenTransaction extends TopicPartition {
  readonly producerId: number;
  /** The transactional id. */
  readonly id?: string;
  /** As its coordinator names it: Ongoing; anything else of a transaction that it has ended without this partition. */
  readonly state?: string;
  /** `transaction.timeout.ms` */
  readonly timeoutMs?: number;
  /** Milliseconds since 1970. */
  readonly startedAt?: number;
}

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Outcome of a transaction. 'unknown': its coordinator no longer stores it. */
export type Ending = 'committed' | 'aborted' | 'unknown';

/** The epoch that fenced a transactional id, and how the last transaction before it ended. */
export interface ProducerFence {
  readonly producerId: string;
  readonly epoch: number;
  readonly ending: Ending;
}

export interface TransactionalId {
  readonly transactionalId: string;
  /** `transaction.timeout.ms`: the broker aborts what is older. */
  readonly transactionTimeoutMs: number;
  /** Result of the last `fence` of the id. Fencing discards the outcome of the transaction before, which only this holds. */
  readonly fence?: ProducerFence;
}

export interface ProducerOptions extends TransactionalId {
  readonly compression: Compression;
  /** `max.request.size`: of one record before compression; undefined: as large as its topic takes. */
  readonly maxRequestBytes?: number;
  /** `batch.size`: most bytes of a record batch with several records, before compression; undefined: as its topic takes. */
  readonly batchBytes?: number;
  /** Topics that positions are read from behind the fence: no transaction of this id is open in them then. */
  readonly positions?: readonly string[];
  /** Ends the opening of the epoch; afterwards it has no effect. */
  readonly signal?: AbortSignal;
}

/** One producer, one transaction at a time. After any rejection it is spent: close it and make another. */
export interface TransactionalProducer {
  /** An empty transaction to gather records in. Any number may exist; memory is reused after `commit`. */
  batch(): ProducerBatch;
  /** Resolves when the topics' partition counts are known, which `batch.append` needs. KAFKA_UNAVAILABLE, SOURCE_SETUP. */
  prepare(topics: readonly string[]): Promise<void>;
  /** Writes the batch and commits it as one Kafka transaction. Never called while another commit is under way. */
  commit(batch: ProducerBatch, groupOffsets?: GroupOffsets): Promise<void>;
  close(): Promise<void>;
}

export interface GroupOffsets {
  readonly group: string;
  readonly offsets: readonly GroupOffset[];
}

/** Called before each attempt of a request: it is not sent, and the call rejects, where this rejects. */
export type Confirm = () => Promise<void> | undefined;

export interface GroupOffset extends PartitionOffset {
  /** What was committed beside it; '' where nothing was. */
  readonly metadata?: string;
}

/** Records encoded as they come, straight into record batches (format v2), by partition. */
export interface ProducerBatch {
  readonly records: number;
  /** Encoded bytes before compression. */
  readonly bytes: number;
  /**
   * Key and value are source[start, end); a start of -1 stands for null. partition null: murmur2 of the key as Kafka's
   * own partitioner, or, without a key, one partition for this batch. timestamp null: now. The bytes are copied before
   * it returns. Throws DataError for a record that the topic does not take, RecordTooLargeError for its size: the batch
   * is what it was before.
   *
   * A promise only of a record so large that it has to be compressed to see whether it fits. Nothing may be appended until
   * it settles.
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
  /** Partitions and the offset of the first record wanted. An offset below the low watermark is an error, not a reset. */
  readonly assigned: readonly ReadPosition[];
  /** Bytes fetched for all partitions at once, about. */
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
  /** Milliseconds that a poll waits for the first record. */
  readonly maxWaitMs: number;
  /** `fetch.min.bytes`; undefined: 1. */
  readonly minBytes?: number;
  /** `fetch.max.wait.ms`: how long the broker waits for that; undefined: `maxWaitMs`. */
  readonly fetchWaitMs?: number;
  /** Records that one poll gives at the most; large ones are fewer. */
  readonly maxRecords?: number;
  /** Closes the reader. */
  readonly signal?: AbortSignal;
}

export interface ReadPosition extends PartitionOffset {
  /** Records of another topic of the same name are not read. Left out, or '': whichever there is. */
  readonly topicId?: string;
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

export interface Reader {
  /**
   * What has arrived, by partition, in offset order; the next fetch is already under way meanwhile. [] after `maxWaitMs`
   * without anything, or when closed meanwhile. KAFKA_UNAVAILABLE; SOURCE_POSITION_LOST when an offset is no longer
   * there. Never called while another poll is under way.
   */
  poll(): Promise<readonly FetchedRecords[]>;
  close(): Promise<void>;
}

export interface FetchedRecords extends TopicPartition {
  readonly records: readonly RawRecord[];
  /** Batches among these records that cannot be read, in the order of their offsets; left out where there are none. */
  readonly refused?: readonly RefusedBatch[];
  /** The offset behind these records, aborted ones and markers included. */
  readonly next: number;
  /** The partition's last stable offset: what a reader may reach. */
  readonly end: number;
}

/** Records that the broker accepted and that cannot be taken, whoever reads them. */
export interface RefusedBatch {
  readonly offset: number;
  readonly records: number;
  readonly reason: string;
}

export interface RawRecord {
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /**
   * Views into the fetched bytes: valid until two more polls have delivered something, so that one batch can be decoded
   * while the one before it is still being written.
   */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RawHeader[];
  /** Bytes of key and value, which are not made for it. */
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
  /** Low watermark: the first offset that is still there. */
  readonly low: number;
  /** Last stable offset: what committed readers may reach now. */
  readonly end: number;
  /**
   * High watermark: behind `end` while a transaction is open, whosever it is. What was committed behind the beginning of
   * that one is read only when it is decided: who must see everything committed so far reads up to here.
   */
  readonly high: number;
}

export interface TopicDescription {
  readonly partitions: number;
  /** '' where the broker, before Kafka 2.8, has no ids. A topic that is deleted and made anew has another one. */
  readonly topicId: string;
}

export interface KafkaAdmin {
  clusterId(): Promise<string>;
  /** Partition counts of those that exist. Never creates. */
  partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Those of the topics that exist. Never creates. */
  describeTopics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>>;
  topics(): Promise<readonly string[]>;
  /** Makes what is missing and waits until every partition has a leader; what exists is left alone. */
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  deleteTopics(topics: readonly string[]): Promise<void>;
  /** Of each partition, in the order given. */
  offsets(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffsets[]>;
  /**
   * Of each partition, in the order given, the first record with a timestamp at or after this one (milliseconds since 1970);
   * null where there is none.
   */
  offsetsSince(partitions: readonly TopicPartition[], timestamp: number): Promise<readonly (number | null)[]>;
  /** A topic's configuration by key, defaults included; sensitive values are left out. */
  topicConfig(topic: string): Promise<ReadonlyMap<string, string>>;
  /** A group's committed offsets, of all partitions when none are given; partitions without one are left out. */
  groupOffsets(group: string, partitions?: readonly TopicPartition[]): Promise<readonly GroupOffset[]>;
  /** Commits for a group that has no members, in one request. */
  commitGroupOffsets(offsets: GroupOffsets, confirm?: Confirm): Promise<void>;
  /** Takes committed offsets of a group that has no members away. Idempotent. */
  deleteGroupOffsets(group: string, partitions: readonly TopicPartition[], confirm?: Confirm): Promise<void>;
}

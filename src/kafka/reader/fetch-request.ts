import type { TopicPartition } from '../../api/index.ts';
import type { Connection } from '../cluster/connection.ts';
import type { Allocate } from '../protocol/compression.ts';
import { Fields, FieldWriter } from '../protocol/fields.ts';
import { apis, laterApis } from '../protocol/kafkajs-internals.ts';
import { decodeById, encodeById } from './fetch-by-topic-id.ts';

export interface FetchPosition extends TopicPartition {
  /** Left out, or '': whichever topic has the name now. */
  readonly topicId?: string;
  readonly offset: number;
}

export interface FetchLimits {
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
  readonly maxWaitMs: number;
  /** Default: 1. */
  readonly minBytes?: number;
  /** Up to the high watermark, the records of open and of aborted transactions included. */
  readonly uncommitted?: boolean;
}

/** One partition's part of an answer. */
export interface FetchedPartition extends TopicPartition {
  readonly error: number;
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Whole record batches, the last perhaps cut off. */
  readonly records: Buffer;
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

const [apiKey, apiVersion] = apis['Fetch'] ?? [1, 11];
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

/**
 * Asks one leader for records, committed ones unless the limits say otherwise; answers as soon as there is any, or after `maxWaitMs`. The answer lies in
 * memory of `allocate`.
 */
export async function fetchOnce(
  connection: Connection,
  positions: readonly FetchPosition[],
  limits: FetchLimits,
  allocate: Allocate,
): Promise<{ readonly error: number; readonly partitions: readonly FetchedPartition[] }> {
  const options = { extraTimeoutMs: limits.maxWaitMs, allocate };
  if (positions.every(({ topicId = '' }) => topicId !== '') && connection.knows(laterApis.FetchById)) {
    const topics = new Map(positions.map(({ topic, topicId = '' }) => [topicId, topic]));
    const body = [encodeById(positions, limits)];
    return decodeById(await connection.send(...laterApis.FetchById, body, options), topics);
  }
  return decode(await connection.send(apiKey, apiVersion, [encode(positions, limits)], options));
}

/**
 * Fetch Request (Version: 11) => replica_id max_wait_ms min_bytes max_bytes isolation_level session_id session_epoch
 *     [topics] [forgotten_topics_data] rack_id
 *   topics => topic [partitions]
 *     partitions => partition current_leader_epoch fetch_offset log_start_offset partition_max_bytes
 */
function encode(positions: readonly FetchPosition[], limits: FetchLimits): Buffer {
  const fields = new FieldWriter(64 + positions.length * 64);
  fields
    .int32(-1)
    .int32(limits.maxWaitMs)
    .int32(limits.minBytes ?? 1)
    .int32(limits.maxBytes);
  fields.int8(limits.uncommitted ? READ_UNCOMMITTED : READ_COMMITTED);
  // Without a session (KIP-227): each request tells all it wants.
  fields.int32(0).int32(-1);
  // In the order given, which is the order in which Kafka fills the answer.
  fields.array(positions, ({ topic, partition, offset }) => {
    fields.string(topic).int32(1);
    fields.int32(partition).int32(-1).int64(offset).int64(-1).int32(limits.maxPartitionBytes);
  });
  fields.int32(0).string('');
  return fields.take();
}

/**
 * Fetch Response (Version: 11) => throttle_time_ms error_code session_id [responses]
 *   responses => topic [partitions]
 *     partitions => partition error_code high_watermark last_stable_offset log_start_offset [aborted_transactions]
 *         preferred_read_replica records
 *       aborted_transactions => producer_id first_offset
 */
function decode(payload: Buffer): { error: number; partitions: FetchedPartition[] } {
  const fields = new Fields(payload);
  fields.int32();
  const error = fields.int16();
  fields.int32();
  const partitions = fields
    .array(() => {
      const topic = fields.string() ?? '';
      return fields.array((): FetchedPartition => {
        const partition = fields.int32();
        const code = fields.int16();
        fields.int64();
        const lastStableOffset = fields.int64();
        fields.int64();
        const aborted = fields.array(() => ({ producerId: fields.int64(), firstOffset: fields.int64() }));
        fields.int32();
        const records = fields.slice(Math.max(fields.int32(), 0));
        return { topic, partition, error: code, lastStableOffset, aborted, records };
      });
    })
    .flat();
  return { error, partitions };
}

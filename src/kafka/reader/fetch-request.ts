import type { TopicPartition } from '../../api/index.ts';
import type { Connection } from '../cluster/connection.ts';
import type { Allocate } from '../protocol/compression.ts';
import { FieldReader, FieldWriter } from '../protocol/fields.ts';
import { apis, optionalApis } from '../protocol/kafkajs-internals.ts';
import { decodeFetchByTopicId, encodeFetchByTopicId } from './fetch-by-topic-id.ts';

export interface FetchPosition extends TopicPartition {
  /** undefined or '': the current topic of this name. */
  readonly topicId?: string;
  readonly offset: number;
}

export interface FetchLimits {
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
  readonly maxWaitMs: number;
  /** Default: 1. */
  readonly minBytes?: number;
  /** True: isolation level read_uncommitted, up to the high watermark. Default: read_committed. */
  readonly uncommitted?: boolean;
}

/** Response for one partition. */
export interface FetchedPartition extends TopicPartition {
  readonly error: number;
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches; the last one may be truncated. */
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
 * Sends one fetch request to a leader. Resolves when `minBytes` are available, or after `maxWaitMs`. The response is in memory
 * from `allocate`.
 */
export async function fetchOnce(
  connection: Connection,
  positions: readonly FetchPosition[],
  limits: FetchLimits,
  allocate: Allocate,
): Promise<{ readonly error: number; readonly partitions: readonly FetchedPartition[] }> {
  const options = { extraTimeoutMs: limits.maxWaitMs, allocate };
  if (positions.every(({ topicId = '' }) => topicId !== '') && connection.supports(optionalApis.FetchById)) {
    const topics = new Map(positions.map(({ topic, topicId = '' }) => [topicId, topic]));
    const body = [encodeFetchByTopicId(positions, limits)];
    return decodeFetchByTopicId(await connection.send(...optionalApis.FetchById, body, options), topics);
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
  // No fetch session (KIP-227): each request lists all partitions.
  fields.int32(0).int32(-1);
  // In the order of `positions`, in which Kafka fills the response.
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
  const fields = new FieldReader(payload);
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

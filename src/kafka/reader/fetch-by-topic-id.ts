import { FieldReader, FieldWriter } from '../protocol/fields.ts';
import type { FetchedPartition, FetchLimits, FetchPosition } from './fetch-request.ts';

const READ_COMMITTED = 1;

/**
 * Fetch Request (Version: 13) => max_wait_ms min_bytes max_bytes isolation_level session_id session_epoch [topics]
 *     [forgotten_topics_data] rack_id, replica_id before them
 *   topics => topic_id [partitions]
 *     partitions => partition current_leader_epoch fetch_offset last_fetched_epoch log_start_offset partition_max_bytes
 */
export function encodeFetchByTopicId(positions: readonly FetchPosition[], limits: FetchLimits): Buffer {
  const fields = new FieldWriter(64 + positions.length * 64).tags();
  fields
    .int32(-1)
    .int32(limits.maxWaitMs)
    .int32(limits.minBytes ?? 1)
    .int32(limits.maxBytes)
    .int8(READ_COMMITTED);
  // No fetch session (KIP-227): each request lists all partitions.
  fields.int32(0).int32(-1);
  // In the order of `positions`, in which Kafka fills the response.
  fields.compactArray(positions, ({ topicId = '', partition, offset }) => {
    fields.bytes(Buffer.from(topicId, 'base64url'));
    fields.compactArray([partition], () => {
      fields.int32(partition).int32(-1).int64(offset).int32(-1).int64(-1).int32(limits.maxPartitionBytes).tags();
    });
    fields.tags();
  });
  return fields
    .compactArray([], () => {})
    .compactString('')
    .tags()
    .take();
}

/**
 * Fetch Response (Version: 13) => throttle_time_ms error_code session_id [responses]
 *   responses => topic_id [partitions]
 *     partitions => partition error_code high_watermark last_stable_offset log_start_offset [aborted_transactions]
 *         preferred_read_replica records
 *       aborted_transactions => producer_id first_offset
 *
 * topics: topic names by topic id.
 */
export function decodeFetchByTopicId(
  payload: Buffer,
  topics: ReadonlyMap<string, string>,
): { error: number; partitions: FetchedPartition[] } {
  const fields = new FieldReader(payload);
  fields.tags();
  fields.int32();
  const error = fields.int16();
  fields.int32();
  const partitions = fields
    .compactArray(() => {
      const topic = topics.get(fields.slice(16).toString('base64url')) ?? '';
      return fields.compactArray((): FetchedPartition => {
        const partition = fields.int32();
        const code = fields.int16();
        fields.int64();
        const lastStableOffset = fields.int64();
        fields.int64();
        const aborted = fields.compactArray(() => ({ producerId: fields.int64(), firstOffset: fields.int64() }));
        fields.int32();
        const records = fields.slice(Math.max(fields.unsignedVarint() - 1, 0));
        return { topic, partition, error: code, lastStableOffset, aborted, records };
      });
    })
    .flat();
  return { error, partitions };
}

import type { TopicPartition } from '../../api/index.ts';
import { throwIfError } from '../failures.ts';
import type { PartitionOffsets } from '../port.ts';
import { listOffsets } from '../protocol/kafkajs-internals.ts';
import { timestampsByTopic } from '../protocol/topic-partitions.ts';
import type { Cluster } from './cluster.ts';
import { callLeaders } from './leaders.ts';

/** Special timestamps of ListOffsets. */
export const EARLIEST = -2;
export const LATEST = -1;
/** Upper bound: the high watermark, or the last stable offset. */
export type Isolation = 'read_uncommitted' | 'read_committed';

/**
 * ListOffsets at the leaders: the first or last offset of each partition, or the first offset with this timestamp or a later one (-1:
 * none), in the order of `partitions`. Rejects with the first error of a partition.
 */
export async function listPartitionOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  timestamp: number,
  isolation: Isolation,
): Promise<readonly number[]> {
  const offsets = new Map<string, number>();
  await callLeaders(cluster, partitions, async (leader, list) => {
    const { responses } = await leader.call(
      listOffsets({
        replicaId: -1,
        isolationLevel: isolation === 'read_committed' ? 1 : 0,
        topics: timestampsByTopic(list, timestamp),
      }),
    );
    for (const { topic, partitions: results } of responses)
      for (const { partition, errorCode, offset } of results) {
        throwIfError(errorCode, `partition ${partition} of topic ${topic}`);
        offsets.set(`${topic} ${partition}`, Number(offset));
      }
  });
  return partitions.map(({ topic, partition }) => offsets.get(`${topic} ${partition}`) ?? 0);
}

/** Low watermark, last stable offset and high watermark of each partition, in the order of `partitions`. */
export async function listOffsetRanges(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
): Promise<readonly PartitionOffsets[]> {
  // Listed in this order, low <= end <= high.
  const lows = await listPartitionOffsets(cluster, partitions, EARLIEST, 'read_uncommitted');
  const ends = await listPartitionOffsets(cluster, partitions, LATEST, 'read_committed');
  const highs = await listPartitionOffsets(cluster, partitions, LATEST, 'read_uncommitted');
  return partitions.map(({ topic, partition }, i) => ({
    topic,
    partition,
    low: lows[i] ?? 0,
    end: ends[i] ?? 0,
    high: highs[i] ?? 0,
  }));
}

import type { TopicPartition } from '../../api/index.ts';
import { throwIfError } from '../failures.ts';
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

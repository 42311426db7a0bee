import type { TopicPartition } from '../../api/index.ts';
import { failIf } from '../failures.ts';
import { listOffsets } from '../protocol/kafkajs-internals.ts';
import { partitionsAt } from '../protocol/topic-partitions.ts';
import type { Cluster } from './cluster.ts';
import { askLeaders } from './leaders.ts';

/** ListOffsets' timestamps that stand for a place. */
export const EARLIEST = -2;
export const LATEST = -1;
/** Up to the high watermark, or up to the last stable offset. */
export type Isolation = 'read_uncommitted' | 'read_committed';

/**
 * First or last offset of each partition, or that of the first record with a timestamp of `place` or later (-1: none), in the
 * order given, asked of their leaders. Rejects with what Kafka answers for the worst of them.
 */
export async function offsetsAt(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  place: number,
  isolation: Isolation,
): Promise<readonly number[]> {
  const found = new Map<string, number>();
  await askLeaders(cluster, partitions, async (leader, list) => {
    const { responses } = await leader.call(
      listOffsets({
        replicaId: -1,
        isolationLevel: isolation === 'read_committed' ? 1 : 0,
        topics: partitionsAt(list, place),
      }),
    );
    for (const { topic, partitions: answers } of responses)
      for (const { partition, errorCode, offset } of answers) {
        failIf(errorCode, `partition ${partition} of topic ${topic}`);
        found.set(`${topic} ${partition}`, Number(offset));
      }
  });
  return partitions.map(({ topic, partition }) => found.get(`${topic} ${partition}`) ?? 0);
}

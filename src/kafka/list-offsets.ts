import type { TopicPartition } from '../api/index.ts';
import type { Cluster } from './cluster.ts';
import { BrokerError, codes, failIf, isStale } from './failures.ts';
import { listOffsets } from './kafkajs-internals.ts';
import { persist } from './retry.ts';
import { partitionsAt } from './topic-partitions.ts';

/** ListOffsets' timestamps that stand for a place. */
export const EARLIEST = -2;
export const LATEST = -1;
/** Up to the high watermark, or up to the last stable offset. */
export type Isolation = 'read_uncommitted' | 'read_committed';

/**
 * First or last offset of each partition, in the order given, asked of their leaders. Rejects with what Kafka answers
 * for the worst of them.
 */
export async function offsetsAt(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  place: typeof EARLIEST | typeof LATEST,
  isolation: Isolation,
): Promise<readonly number[]> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  if (topics.length === 0) return [];
  return persist(
    async () => {
      if (partitions.some(({ topic, partition }) => cluster.leader(topic, partition) === undefined))
        await cluster.refresh(topics);
      const found = new Map<string, number>();
      await Promise.all(
        [...byLeader(cluster, partitions)].map(([node, list]) => ask(cluster, node, list, place, isolation, found)),
      );
      return partitions.map(({ topic, partition }) => found.get(`${topic} ${partition}`) ?? 0);
    },
    {
      deadline: cluster.deadline(),
      signal: cluster.signal,
      first: 20,
      again: async error => {
        if (isStale(error)) await cluster.refresh(topics).catch(() => {});
      },
    },
  );
}

function byLeader(cluster: Cluster, partitions: readonly TopicPartition[]): Map<number, TopicPartition[]> {
  const leaders = new Map<number, TopicPartition[]>();
  for (const p of partitions) {
    const topic = cluster.topic(p.topic);
    if (topic === undefined || topic.error !== codes.NONE)
      failIf(topic?.error ?? codes.UNKNOWN_TOPIC_OR_PARTITION, `topic ${p.topic}`);
    const leader = cluster.leader(p.topic, p.partition);
    if (leader === undefined)
      throw new BrokerError(
        p.partition < (topic?.leaders.length ?? 0) ? codes.LEADER_NOT_AVAILABLE : codes.UNKNOWN_TOPIC_OR_PARTITION,
        `partition ${p.partition} of topic ${p.topic}`,
      );
    const list = leaders.get(leader);
    if (list) list.push(p);
    else leaders.set(leader, [p]);
  }
  return leaders;
}

async function ask(
  cluster: Cluster,
  node: number,
  partitions: readonly TopicPartition[],
  place: number,
  isolation: Isolation,
  found: Map<string, number>,
): Promise<void> {
  const connection = await cluster.broker(node);
  const { responses } = await connection.call(
    listOffsets({
      replicaId: -1,
      isolationLevel: isolation === 'read_committed' ? 1 : 0,
      topics: partitionsAt(partitions, place),
    }),
  );
  for (const { topic, partitions: answers } of responses)
    for (const { partition, errorCode, offset } of answers) {
      failIf(errorCode, `partition ${partition} of topic ${topic}`);
      found.set(`${topic} ${partition}`, Number(offset));
    }
}

import type { TopicPartition } from '../../api/index.ts';
import { BrokerError, codes, failIf, isStale } from '../failures.ts';
import type { Cluster } from './cluster.ts';
import type { Connection } from './connection.ts';
import { persist } from './retry.ts';

/**
 * Asks the leader of each partition, and where they have moved, or something else passes, all of them again. Rejects with
 * what Kafka answers for the worst of them.
 */
export async function askLeaders(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  ask: (leader: Connection, partitions: readonly TopicPartition[]) => Promise<void>,
  deadline = cluster.deadline(),
): Promise<void> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  if (topics.length === 0) return;
  await persist(
    async () => {
      if (partitions.some(({ topic, partition }) => cluster.leader(topic, partition) === undefined))
        await cluster.refresh(topics);
      await Promise.all(
        [...byLeader(cluster, partitions)].map(async ([node, list]) => ask(await cluster.broker(node), list)),
      );
    },
    {
      deadline,
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

import type { TopicPartition } from '../../api/index.ts';
import { BrokerError, codes, isStaleMetadata, throwIfError } from '../failures.ts';
import type { Cluster } from './cluster.ts';
import type { Connection } from './connection.ts';
import { retry } from './retry.ts';

/**
 * Calls the leaders of partitions. Retries all of them after a retriable error, with new metadata if a leader has moved. Rejects with
 * the last error.
 */
export async function callLeaders(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  call: (leader: Connection, partitions: readonly TopicPartition[]) => Promise<void>,
  deadline = cluster.deadline(),
): Promise<void> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  if (topics.length === 0) return;
  await retry(
    async () => {
      if (partitions.some(({ topic, partition }) => cluster.leader(topic, partition) === undefined))
        await cluster.refreshMetadata(topics);
      await Promise.all(
        [...byLeader(cluster, partitions)].map(async ([node, list]) => call(await cluster.broker(node), list)),
      );
    },
    {
      deadline,
      signal: cluster.signal,
      firstBackoffMs: 20,
      beforeRetry: async error => {
        if (isStaleMetadata(error)) await cluster.refreshMetadata(topics).catch(() => {});
      },
    },
  );
}

function byLeader(cluster: Cluster, partitions: readonly TopicPartition[]): Map<number, TopicPartition[]> {
  const leaders = new Map<number, TopicPartition[]>();
  for (const p of partitions) {
    const topic = cluster.topic(p.topic);
    if (topic === undefined || topic.error !== codes.NONE)
      throwIfError(topic?.error ?? codes.UNKNOWN_TOPIC_OR_PARTITION, `topic ${p.topic}`);
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

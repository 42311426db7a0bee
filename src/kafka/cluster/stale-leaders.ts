import { setTimeout as delay } from 'node:timers/promises';
import { BrokerError, ConnectionLost, codes } from '../failures.ts';
import { laterApis } from '../protocol/kafkajs-internals.ts';
import {
  type PartitionDescription,
  type TopicDescriptionsResponse,
  topicDescriptions,
} from '../protocol/topic-descriptions.ts';
import type { Cluster } from './cluster.ts';

/** Milliseconds that a broker has to answer. */
const PATIENCE_MS = 1000;
const tooOld: TopicDescriptionsResponse = { nodes: [], topics: [] };

/**
 * Rejects with BrokerError where a broker knows a later leader of a partition than `cluster` does, or no more than half of
 * the brokers tell. A broker that was frozen answers for some moments as the leader that it was, and one that is cut off from
 * the others until it is not: without what was written since. After this resolves, what the leaders answered before is up to
 * date. Resolves where the brokers are too old to tell.
 */
export async function rejectStaleLeaders(cluster: Cluster, topic: string): Promise<void> {
  const { nodes } = cluster;
  if (nodes.length < 2) return;
  const answers = await Promise.all(
    nodes.map(node => Promise.race([describe(cluster, node, topic), delay(PATIENCE_MS, undefined, { ref: false })])),
  );
  const told = answers.filter(answer => answer !== undefined);
  if (told.length * 2 <= nodes.length)
    throw new BrokerError(
      codes.LEADER_NOT_AVAILABLE,
      `topic ${topic}`,
      `${told.length} of ${nodes.length} brokers tell who leads it`,
    );
  const latest = new Map<number, PartitionDescription>();
  for (const { partitions } of told.flatMap(({ topics }) => topics))
    for (const state of partitions)
      if (state.leaderEpoch > (latest.get(state.partition)?.leaderEpoch ?? -1)) latest.set(state.partition, state);
  for (const [partition, { leader }] of latest)
    if (leader !== cluster.leader(topic, partition))
      throw new BrokerError(codes.NOT_LEADER_OR_FOLLOWER, `partition ${partition} of topic ${topic}`);
}

/** undefined: the broker does not answer. */
async function describe(cluster: Cluster, node: number, topic: string): Promise<TopicDescriptionsResponse | undefined> {
  try {
    const broker = await cluster.broker(node);
    return broker.knows(laterApis.TopicDescriptions) ? await broker.call(topicDescriptions([topic])) : tooOld;
  } catch (error) {
    if (error instanceof ConnectionLost || error instanceof BrokerError) return undefined;
    throw error;
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { BrokerError, ConnectionLost, codes } from '../failures.ts';
import { optionalApis } from '../protocol/kafkajs-internals.ts';
import {
  type PartitionDescription,
  type TopicDescriptionsResponse,
  topicDescriptions,
} from '../protocol/topic-descriptions.ts';
import type { Cluster } from './cluster.ts';

/** Timeout of the request to each broker. */
const RESPONSE_MS = 1000;
const emptyResponse: TopicDescriptionsResponse = { nodes: [], topics: [] };

/**
 * Rejects with BrokerError if a broker reports a later leader of a partition than `cluster` has, or if at most half of the brokers
 * respond. A broker that was frozen responds as the leader for some moments, and one that is partitioned from the others for
 * longer, both without the records written since. If this resolves, earlier responses of the leaders were up to date. Resolves too
 * if the brokers do not support the request.
 */
export async function rejectStaleLeaders(cluster: Cluster, topic: string): Promise<void> {
  const { nodes } = cluster;
  if (nodes.length < 2) return;
  const responses = await Promise.all(
    nodes.map(node => Promise.race([describe(cluster, node, topic), delay(RESPONSE_MS, undefined, { ref: false })])),
  );
  const received = responses.filter(response => response !== undefined);
  if (received.length * 2 <= nodes.length)
    throw new BrokerError(
      codes.LEADER_NOT_AVAILABLE,
      `topic ${topic}`,
      `${received.length} of ${nodes.length} brokers report its leader`,
    );
  const latest = new Map<number, PartitionDescription>();
  for (const { partitions } of received.flatMap(({ topics }) => topics))
    for (const state of partitions)
      if (state.leaderEpoch > (latest.get(state.partition)?.leaderEpoch ?? -1)) latest.set(state.partition, state);
  for (const [partition, { leader }] of latest)
    if (leader !== cluster.leader(topic, partition))
      throw new BrokerError(codes.NOT_LEADER_OR_FOLLOWER, `partition ${partition} of topic ${topic}`);
}

/** undefined: the broker cannot be reached or returns an error. */
async function describe(cluster: Cluster, node: number, topic: string): Promise<TopicDescriptionsResponse | undefined> {
  try {
    const broker = await cluster.broker(node);
    return broker.supports(optionalApis.TopicDescriptions)
      ? await broker.call(topicDescriptions([topic]))
      : emptyResponse;
  } catch (error) {
    if (error instanceof ConnectionLost || error instanceof BrokerError) return undefined;
    throw error;
  }
}

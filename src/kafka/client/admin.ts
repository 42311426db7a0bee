import type { Cluster } from '../cluster/cluster.ts';
import { listOffsetRanges, listPartitionOffsets } from '../cluster/list-offsets.ts';
import type { KafkaAdmin } from '../port.ts';
import { clusterMetadata } from '../protocol/kafkajs-internals.ts';
import { runAdminCall } from './admin-call.ts';
import { commitGroupOffsets, deleteGroupOffsets, fetchGroupOffsets } from './group-offsets.ts';
import {
  countPartitions,
  createTopics,
  deleteTopics,
  describeTopicConfig,
  describeTopics,
  listTopics,
} from './topics.ts';

/** See the port. Each call is retried until the request timeout has passed. */
export function kafkaAdmin(cluster: Cluster): KafkaAdmin {
  return {
    async clusterId() {
      const describe = async () => (await cluster.anyBroker()).call(clusterMetadata());
      const { clusterId } = await runAdminCall(cluster, 'describe the cluster', describe);
      return clusterId ?? '';
    },
    partitions: topics => countPartitions(cluster, topics),
    describeTopics: topics => describeTopics(cluster, topics),
    topics: () => listTopics(cluster),
    createTopics: topics => createTopics(cluster, topics),
    deleteTopics: topics => deleteTopics(cluster, topics),
    topicConfig: topic => describeTopicConfig(cluster, topic),
    offsets: partitions => runAdminCall(cluster, 'list offsets', () => listOffsetRanges(cluster, partitions)),
    offsetsForTimestamp: (partitions, timestamp) =>
      runAdminCall(cluster, 'list offsets', async () => {
        const offsets = await listPartitionOffsets(cluster, partitions, timestamp, 'read_uncommitted');
        return offsets.map(offset => (offset < 0 ? null : offset));
      }),
    groupOffsets: (group, partitions) => fetchGroupOffsets(cluster, group, partitions),
    commitGroupOffsets: (offsets, confirm) => commitGroupOffsets(cluster, offsets, confirm),
    deleteGroupOffsets: (group, partitions, confirm) => deleteGroupOffsets(cluster, group, partitions, confirm),
  };
}

import type { TopicPartition } from '../../api/index.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Connection } from '../cluster/connection.ts';
import { codes, hasCoordinatorMoved, throwIfError } from '../failures.ts';
import type { Confirm, GroupOffset, GroupOffsets } from '../port.ts';
import { allGroupOffsets, offsetCommit, offsetFetch } from '../protocol/kafkajs-internals.ts';
import { offsetDelete } from '../protocol/offset-delete.ts';
import { offsetsByTopic, partitionObjectsByTopic } from '../protocol/topic-partitions.ts';
import { runAdminCall } from './admin-call.ts';

/** See `groupOffsets` of the port. */
export async function fetchGroupOffsets(
  cluster: Cluster,
  group: string,
  partitions?: readonly TopicPartition[],
): Promise<readonly GroupOffset[]> {
  if (partitions?.length === 0) return [];
  const request =
    partitions === undefined
      ? allGroupOffsets(group)
      : offsetFetch({ groupId: group, topics: partitionObjectsByTopic(partitions) });
  return callCoordinator(cluster, group, `read the offsets of consumer group ${group}`, async coordinator => {
    const { errorCode, responses } = await coordinator.call(request);
    throwIfError(errorCode, `consumer group ${group}`);
    const offsets: GroupOffset[] = [];
    for (const { topic, partitions: results } of responses)
      for (const { partition, offset, metadata, errorCode: code } of results) {
        throwIfError(code, `partition ${partition} of topic ${topic}`);
        if (Number(offset) >= 0)
          offsets.push({ topic, partition, offset: Number(offset), ...(metadata ? { metadata } : {}) });
      }
    return offsets;
  });
}

/** See `commitGroupOffsets` of the port. */
export async function commitGroupOffsets(
  cluster: Cluster,
  { group, offsets }: GroupOffsets,
  confirm?: Confirm,
): Promise<void> {
  if (offsets.length === 0) return;
  // No generation and no member: the commit of a consumer with manually assigned partitions.
  const topics = offsetsByTopic(offsets);
  const request = offsetCommit({ groupId: group, groupGenerationId: -1, memberId: '', topics });
  await callCoordinator(cluster, group, `commit offsets of consumer group ${group}`, async coordinator => {
    await confirm?.();
    const { responses } = await coordinator.call(request);
    for (const { topic, partitions } of responses)
      for (const { partition, errorCode } of partitions)
        throwIfError(
          errorCode,
          `partition ${partition} of topic ${topic}`,
          errorCode === codes.UNKNOWN_MEMBER_ID ? 'the group has members; stop its consumers first' : null,
        );
  });
}

/** See `deleteGroupOffsets` of the port. */
export async function deleteGroupOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly TopicPartition[],
  confirm?: Confirm,
): Promise<void> {
  if (partitions.length === 0) return;
  const request = offsetDelete(group, partitions);
  await callCoordinator(cluster, group, `delete offsets of consumer group ${group}`, async coordinator => {
    await confirm?.();
    const { errorCode, responses } = await coordinator.call(request);
    // The group has no offsets to delete.
    if (errorCode === codes.GROUP_ID_NOT_FOUND) return;
    throwIfError(errorCode, `consumer group ${group}`);
    for (const { topic, partitions: results } of responses)
      for (const { partition, errorCode: code } of results)
        if (code !== codes.UNKNOWN_TOPIC_OR_PARTITION) throwIfError(code, `partition ${partition} of topic ${topic}`);
  });
}

function callCoordinator<T>(
  cluster: Cluster,
  group: string,
  operation: string,
  attempt: (coordinator: Connection) => Promise<T>,
): Promise<T> {
  return runAdminCall(
    cluster,
    operation,
    async () => attempt(await cluster.coordinator('group', group)),
    error => {
      if (hasCoordinatorMoved(error)) cluster.invalidateCoordinator('group', group);
    },
  );
}

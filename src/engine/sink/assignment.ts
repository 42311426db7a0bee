import type { AssignedPartition } from '../../api/index.ts';
import { partitionName } from '../partition-name.ts';

/** Compares partitions and topic ids, in any order. */
export function isSameAssignment(a: readonly AssignedPartition[], b: readonly AssignedPartition[]): boolean {
  const names = new Set(a.map(nameWithTopicId));
  return names.size === b.length && b.every(partition => names.has(nameWithTopicId(partition)));
}

const nameWithTopicId = (partition: AssignedPartition): string => `${partitionName(partition)} ${partition.topicId}`;

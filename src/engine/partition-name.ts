import type { TopicPartition } from '../api/index.ts';

/** Key of a partition in maps and sets. */
export const partitionName = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

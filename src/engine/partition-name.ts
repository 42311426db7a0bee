import type { TopicPartition } from '../api/index.ts';

/** What a partition is called in maps and sets. */
export const partitionName = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

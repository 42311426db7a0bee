import type { TopicPartition } from '../../api/index.ts';
import type { GroupOffset } from '../port.ts';

function byTopic<P extends TopicPartition, T>(
  list: readonly P[],
  item: (p: P) => T,
): { topic: string; partitions: T[] }[] {
  const topics = new Map<string, T[]>();
  for (const p of list) {
    const items = topics.get(p.topic);
    if (items) items.push(item(p));
    else topics.set(p.topic, [item(p)]);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

export const partitionsByTopic = (list: readonly TopicPartition[]): { topic: string; partitions: number[] }[] =>
  byTopic(list, ({ partition }) => partition);

export const offsetsByTopic = (
  list: readonly GroupOffset[],
): { topic: string; partitions: { partition: number; offset: number; metadata: string }[] }[] =>
  byTopic(list, ({ partition, offset, metadata = '' }) => ({ partition, offset, metadata }));

export const timestampsByTopic = (
  list: readonly TopicPartition[],
  timestamp: number,
): { topic: string; partitions: { partition: number; timestamp: number }[] }[] =>
  byTopic(list, ({ partition }) => ({ partition, timestamp }));

export const partitionObjectsByTopic = (
  list: readonly TopicPartition[],
): { topic: string; partitions: { partition: number }[] }[] => byTopic(list, ({ partition }) => ({ partition }));

import { kafkaClient } from '../../src/kafka/client/client.ts';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { silent } from '../../src/observability/silent.ts';
import { servers } from './servers.ts';

export interface TopicRecord {
  readonly key: string | null;
  readonly value: string | null;
}

/** All committed records of a topic, in partition order; empty if the topic does not exist. */
export const topicRecords = (topic: string): Promise<TopicRecord[]> =>
  withKafka(async kafka => {
    const committed: TopicRecord[] = [];
    for (const { partition, low, end } of await ends(kafka, topic)) {
      if (low === end) continue;
      const reader = await kafka.reader({
        assigned: [{ topic, partition, offset: low }],
        maxBytes: 8 << 20,
        maxPartitionBytes: 8 << 20,
        maxWaitMs: 100,
      });
      for (let next = low; next < end; )
        for (const part of await reader.poll()) {
          next = part.next;
          for (const { key, value } of part.records)
            committed.push({ key: key?.toString() ?? null, value: value?.toString() ?? null });
        }
      await reader.close();
    }
    return committed;
  });

/** Names of topics with this prefix. */
export const topicsWithPrefix = (prefix: string): Promise<string[]> =>
  withKafka(async kafka => (await kafka.admin.topics()).filter(topic => topic.startsWith(prefix)));

/** Numbers of committed records and of transactions: each transaction has a control record in each partition. */
export async function topicContents(topic: string): Promise<{ records: number; transactions: number }> {
  const [records, size] = [(await topicRecords(topic)).length, await topicSize(topic)];
  return { records, transactions: size - records };
}

/** Number of offsets in a topic, including control records. */
export const topicSize = (topic: string): Promise<number> =>
  withKafka(async kafka => (await ends(kafka, topic)).reduce((sum, { low, end }) => sum + end - low, 0));

async function ends(kafka: KafkaClient, topic: string) {
  const partitions = (await kafka.admin.partitions([topic])).get(topic) ?? 0;
  return kafka.admin.offsets(Array.from({ length: partitions }, (_, partition) => ({ topic, partition })));
}

async function withKafka<T>(use: (kafka: KafkaClient) => Promise<T>): Promise<T> {
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test-reader' }, silent);
  try {
    return await use(kafka);
  } finally {
    await kafka.close();
  }
}

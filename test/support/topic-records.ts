import { kafkaClient } from '../../src/kafka/client.ts';
import { silent } from '../../src/observability/silent.ts';
import { servers } from './servers.ts';

export interface TopicRecord {
  readonly key: string | null;
  readonly value: string | null;
}

/** All committed records of a topic, partition by partition; none where there is no such topic. */
export async function topicRecords(topic: string, brokers = servers().kafka): Promise<TopicRecord[]> {
  const kafka = kafkaClient({ brokers: [brokers], clientId: 'test-reader' }, silent);
  try {
    const partitions = (await kafka.admin.partitions([topic])).get(topic) ?? 0;
    const found: TopicRecord[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      const [{ low, end } = { low: 0, end: 0 }] = await kafka.admin.offsets([{ topic, partition }]);
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
            found.push({ key: key?.toString() ?? null, value: value?.toString() ?? null });
        }
      await reader.close();
    }
    return found;
  } finally {
    await kafka.close();
  }
}

import type { KafkaClient, RawRecord } from '../src/kafka/port.ts';

/** Creates a topic with one partition, and deletes it after `use`. */
export async function withTopic<T>(kafka: KafkaClient, topic: string, use: () => Promise<T>): Promise<T> {
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
  try {
    return await use();
  } finally {
    await kafka.admin.deleteTopics([topic]);
  }
}

/** Last stable offset, which includes control records. */
export async function endOf(kafka: KafkaClient, topic: string): Promise<number> {
  const [range] = await kafka.admin.offsets([{ topic, partition: 0 }]);
  return range?.end ?? 0;
}

/** Reads a topic's committed records from offset `from` to its current end. Returns that end. */
export async function readTopic(
  kafka: KafkaClient,
  topic: string,
  from: number,
  visit: (record: RawRecord) => void,
): Promise<number> {
  const end = await endOf(kafka, topic);
  if (from >= end) return end;
  const assigned = [{ topic, partition: 0, offset: from }];
  const reader = await kafka.reader({ assigned, maxBytes: 8 << 20, maxPartitionBytes: 8 << 20, maxWaitMs: 500 });
  try {
    for (let next = from; next < end; ) {
      for (const part of await reader.poll()) {
        for (const record of part.records) if (record.offset < end) visit(record);
        next = part.next;
      }
    }
  } finally {
    await reader.close();
  }
  return end;
}

import { kafkaClient } from '../kafka/client/client.ts';
import { silent } from '../observability/silent.ts';

/**
 * Reads the committed records of a topic to its end and counts duplicate changes: the same LSN, operation and key.
 */
export async function countDuplicates(
  address: string,
  topic: string,
): Promise<{ records: number; duplicates: number }> {
  const kafka = kafkaClient({ brokers: [address], clientId: 'millrace-demo' }, silent);
  try {
    const [range] = await kafka.admin.offsets([{ topic, partition: 0 }]);
    if (range === undefined) return { records: 0, duplicates: 0 };
    const assigned = [{ topic, partition: 0, offset: range.low }];
    const reader = await kafka.reader({ assigned, maxBytes: 4 << 20, maxPartitionBytes: 4 << 20, maxWaitMs: 500 });
    const changes = new Set<string>();
    let records = 0;
    try {
      for (let next = range.low; next < range.end; ) {
        for (const part of await reader.poll()) {
          next = part.next;
          for (const { key, value } of part.records) {
            if (key === null || value === null) continue;
            const { payload } = JSON.parse(value.toString()) as { payload: { op: string; source: { lsn: number } } };
            records++;
            const lsn = payload.op === 'r' ? 'snapshot' : payload.source.lsn;
            changes.add(`${lsn} ${payload.op} ${key.toString()}`);
          }
        }
      }
    } finally {
      await reader.close();
    }
    return { records, duplicates: records - changes.size };
  } finally {
    await kafka.close();
  }
}

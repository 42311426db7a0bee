import { expect } from 'vitest';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import { silent } from '../../src/observability/silent.ts';
import { connectors, type TestCluster } from './test-cluster.ts';

/** Settings of a sink that skips bad records, so that verification finds them missing. */
export const skipBadRecords = (letters: string): Readonly<Record<string, string>> => ({
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.name': letters,
  'errors.deadletterqueue.topic.replication.factor': '1',
});

/** Rejects if a connector counted a bad record. letters: the dead-letter queue of its sinks. */
export async function checkNoDeadLetters(cluster: TestCluster, letters: string): Promise<void> {
  const kafka = kafkaClient({ brokers: [cluster.kafka.address], clientId: 'test' }, silent);
  try {
    expect((await kafka.admin.partitions([letters])).size, 'topics with dead-letter records').toBe(0);
  } finally {
    await kafka.close();
  }
  for (const role of connectors) {
    const [task] = (await cluster.status(role)).tasks;
    expect(task?.figures?.['records_skipped'] ?? 0, `records that ${role} skipped`).toBe(0);
  }
}

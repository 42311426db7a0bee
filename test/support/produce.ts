import { kafkaClient } from '../../src/kafka/client/client.ts';
import type { Compression, KafkaClient } from '../../src/kafka/port.ts';
import { silent } from '../../src/observability/silent.ts';
import { servers } from './servers.ts';
import { uniqueName } from './topic.ts';

/** A client of the test brokers. The caller closes it. */
export const testKafka = (): KafkaClient => kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);

/** Appends texts without keys to partition 0 of a topic. Creates the topic if it is missing. */
export async function produce(
  kafka: KafkaClient,
  topic: string,
  values: readonly string[],
  partition = 0,
): Promise<void> {
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
  const producer = await kafka.producer({
    transactionalId: `produce-${topic}`,
    compression: 'none',
    transactionTimeoutMs: 30_000,
  });
  try {
    await producer.prepare([topic]);
    const batch = producer.batch();
    for (const value of values) {
      const bytes = Buffer.from(value);
      batch.append(topic, partition, null, bytes, -1, 0, 0, bytes.length, []);
    }
    await producer.commit(batch);
  } finally {
    await producer.close();
  }
}

/** Writes one record of up to 900 MB as a compressed batch. Creates the topic. */
export async function produceCompressed(
  kafka: KafkaClient,
  topic: string,
  value: Buffer,
  compression: Compression,
): Promise<void> {
  await kafka.admin.createTopics([
    { topic, partitions: 1, replicationFactor: 1, config: { 'max.message.bytes': '900000000' } },
  ]);
  const transactionalId = uniqueName('producer');
  const producer = await kafka.producer({ transactionalId, compression, transactionTimeoutMs: 60_000 });
  try {
    await producer.prepare([topic]);
    const batch = producer.batch();
    await batch.append(topic, 0, null, value, -1, -1, 0, value.length, []);
    await producer.commit(batch);
  } finally {
    await producer.close();
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import type { KafkaClient, ReadPosition } from '../../src/kafka/port.ts';
import { appendPositions, ensureOffsetsTopic, loadPositions } from '../../src/kafka/storage/offset-store.ts';
import { silent } from '../../src/observability/silent.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { KafkaCluster } from '../support/kafka-cluster.ts';

/*
 * A frozen broker that was replaced as the leader of a partition briefly answers with its old state after it resumes. A
 * source task that started then continued from an earlier offset and wrote duplicates. A sink task that started then
 * considered its position out of range and failed permanently.
 */

const draw = generator(import.meta.url);
/** Timeout of a running broker, milliseconds. */
const ANSWER_MS = 3000;
const nodes = [1, 2, 3];

test('a replaced leader is not trusted for offsets', async () => {
  await using kafka = await KafkaCluster.start();
  const [topic, connector, transactionalId] = [draw.topic(), draw.connectorName(), draw.topic()];
  const addressesOf = (nodes: readonly number[]) => nodes.map(node => kafka.broker(node).address);
  const commit = (nodes: readonly number[], position: number): Promise<void> =>
    withClient(addressesOf(nodes), async client => {
      const producer = await client.producer({ transactionalId, compression: 'none', transactionTimeoutMs: 60_000 });
      await producer.prepare([topic]);
      const batch = producer.batch();
      await appendPositions(batch, topic, connector, [{ partition: {}, offset: { position } }]);
      await producer.commit(batch);
    });

  await withClient(addressesOf(nodes), client =>
    ensureOffsetsTopic(client, { topic, partitions: 1, replicationFactor: -1 }),
  );
  await commit(nodes, 1);
  // Otherwise the coordinator waits for the frozen broker to write its marker.
  await eventually(
    'it is complete',
    async () => (await kafka.transaction(transactionalId))?.state === 'CompleteCommit',
  );
  await kafka.awaitInSync();
  const node = await kafka.leader({ topic, partition: 0 });
  const others = nodes.filter(other => other !== node);
  await kafka.broker(node).stopProcess();
  await kafka.awaitOtherLeaders(node);
  await commit(others, 2);
  const [{ high } = { high: 0 }] = await withClient(addressesOf(others), ({ admin }) =>
    admin.offsets([{ topic, partition: 0 }]),
  );

  // The replaced leader learns of its replacement when it reaches the others.
  await Promise.all(others.map(other => kafka.broker(other).stopProcess()));
  await kafka.broker(node).cont();
  await withClient(addressesOf([node, ...others]), async client => {
    const loading = loadPositions(client, topic, connector);
    const following = firstValue(client, { topic, partition: 0, offset: high });
    await Promise.race([Promise.allSettled([loading, following]), delay(ANSWER_MS)]);
    await Promise.all(others.map(other => kafka.broker(other).cont()));
    expect((await loading).get({})).toEqual({ position: 2 });
    await kafka.awaitInSync();
    await commit(nodes, 3);
    expect(await following).toBe('{"position":3}');
  });
});

async function withClient<T>(brokers: readonly string[], use: (client: KafkaClient) => Promise<T>): Promise<T> {
  const client = kafkaClient({ brokers, clientId: 'stale-leader' }, silent);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** Value of the first record at or after an offset. */
async function firstValue(client: KafkaClient, position: ReadPosition): Promise<string | undefined> {
  const limits = { maxBytes: 1 << 20, maxPartitionBytes: 1 << 20, maxWaitMs: 200 };
  const reader = await client.reader({ assigned: [position], ...limits });
  for (;;)
    for (const { records } of await reader.poll()) if (records[0] !== undefined) return records[0].value?.toString();
}

import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestIndex } from '../support/elasticsearch.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { testKafka } from '../support/produce.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';
import { TestWorker } from '../support/worker.ts';

/**
 * The version of a document is the offset of its record. After a topic gets more partitions, a key may move to a
 * partition with smaller offsets and is then no longer written.
 */
const draw = generator(import.meta.url);
const kafka = new kafkajs.Kafka({ brokers: [servers().kafka], logLevel: kafkajs.logLevel.NOTHING });
const admin = kafka.admin();
const client = testKafka();
let worker: TestWorker;
beforeAll(async () => {
  [worker] = await Promise.all([TestWorker.start('growth'), admin.connect()]);
});
afterAll(async () => {
  await Promise.all([worker?.[Symbol.asyncDispose](), admin.disconnect(), client.close()]);
});

const KEYS = 20;
const ROUNDS = 10;
const config = (topic: string, url: string): Record<string, string> => ({
  'connector.class': 'ElasticsearchSink',
  'connection.url': url,
  'read.timeout.ms': '30000',
  topics: topic,
  'value.converter': 'JsonConverter',
  'value.converter.schemas.enable': 'false',
  'schema.ignore': 'true',
});

/** One record per key and round, whose value is the round. */
async function update(topic: string, rounds: readonly number[], partitionOf: (key: number) => number = () => 0) {
  // A non-transactional producer repeats written records while the leader of a new partition is not ready.
  const producer = await client.producer({
    transactionalId: uniqueName('update'),
    compression: 'none',
    transactionTimeoutMs: 30_000,
  });
  try {
    await producer.prepare([topic]);
    const batch = producer.batch();
    for (const round of rounds)
      for (let key = 0; key < KEYS; key++) {
        const [name, value] = [Buffer.from(`k${key}`), Buffer.from(JSON.stringify({ round }))];
        const bytes = Buffer.concat([name, value]);
        const headers = [{ key: 'version', value: Buffer.from(String(round)) }];
        await batch.append(topic, partitionOf(key), null, bytes, 0, name.length, name.length, bytes.length, headers);
      }
    await producer.commit(batch);
  } finally {
    await producer.close();
  }
}

const hasPartitions = (topic: string, count: number) =>
  eventually('the broker has the partitions', async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions ?? [];
    return partitions.length === count && partitions.every(({ leader }) => leader >= 0);
  });

async function createTopic(topic: string, rounds: readonly number[] = [...Array(ROUNDS).keys()]): Promise<void> {
  // kafkajs itself fails while the broker does not know the new topic.
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: false });
  await hasPartitions(topic, 1);
  await update(topic, rounds);
}

const roundsOf = async (index: TestIndex) => {
  const sources = (await index.sources()) as Record<string, { round: number }>;
  return Array.from({ length: KEYS }, (_, key) => sources[`k${key}`]?.round);
};
const figure = async (name: string, figure: string) => (await worker.task(name))?.figures?.[figure];
const path = (name: string) => `/connectors/${encodeURIComponent(name)}`;
/** Removes the ten seconds after which a running task refreshes its topics. */
async function whilePaused(name: string, change: () => Promise<void>): Promise<void> {
  await worker.call('PUT', `${path(name)}/pause`);
  await worker.awaitState(name, 'PAUSED');
  await change();
  await worker.call('PUT', `${path(name)}/resume`);
}
const inAll = (round: number) => Array.from({ length: KEYS }, () => round);

test('updates of moved keys are counted and logged, and are written if a header has the version', async () => {
  await using index = new TestIndex('growth');
  await using ordered = new TestIndex('growth_ordered');
  await ordered.create();
  const topic = index.name;
  const [name, other] = [draw.sinkName(), draw.sinkName()];
  await createTopic(topic);
  await worker.create(name, config(topic, index.url));
  await eventually('the documents are written', async () =>
    (await roundsOf(index)).every(round => round === ROUNDS - 1),
  );

  await whilePaused(name, async () => {
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    await hasPartitions(topic, 4);
    await update(topic, [ROUNDS], key => key % 4);
  });
  const moved = inAll(0).filter((_, key) => key % 4 > 0).length;
  await eventually('the lost updates are counted', async () => (await figure(name, 'foreign_versions')) === moved);
  expect(await roundsOf(index)).toEqual(inAll(0).map((_, key) => (key % 4 > 0 ? ROUNDS - 1 : ROUNDS)));
  const lines = (await worker.log()).split('\n').filter(line => line.includes('Updates are lost'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('external.version.header');

  await worker.create(other, {
    ...config(topic, index.url),
    'external.version.header': 'version',
    'external.resource.usage': 'INDEX',
    'topic.to.external.resource.mapping': `${topic}:${ordered.name}`,
  });
  await eventually('each document has its last record', async () =>
    (await roundsOf(ordered)).every(round => round === ROUNDS),
  );
  await eventually('none of them is counted', async () => (await figure(other, 'foreign_versions')) === 0);
});

test('records that are read again are not counted', async () => {
  await using index = new TestIndex('growth_again');
  const name = draw.sinkName();
  await createTopic(index.name);
  await worker.create(name, config(index.name, index.url));
  await eventually('the documents are written', async () =>
    (await roundsOf(index)).every(round => round === ROUNDS - 1),
  );
  await worker.call('PUT', `${path(name)}/stop`);
  await eventually('it has stopped', async () => (await worker.task(name)) === undefined);
  await worker.call('DELETE', `${path(name)}/offsets`);
  await worker.call('PUT', `${path(name)}/resume`);
  await eventually('all are stale', async () => (await figure(name, 'stale')) === KEYS * ROUNDS);
  expect(await figure(name, 'foreign_versions')).toBe(0);
});

test('an index of a recreated topic keeps the documents of the earlier topic, with a warning', async () => {
  await using index = new TestIndex('growth_recreated');
  const name = draw.sinkName();
  await createTopic(index.name);
  await worker.create(name, { ...config(index.name, index.url), 'millrace.topic.recreated': 'earliest' });
  await eventually('the documents are written', async () =>
    (await roundsOf(index)).every(round => round === ROUNDS - 1),
  );
  await whilePaused(name, async () => {
    await admin.deleteTopics({ topics: [index.name] });
    await createTopic(index.name, [ROUNDS]);
  });
  await eventually('the lost updates are counted', async () => (await figure(name, 'foreign_versions')) === KEYS);
  expect(await roundsOf(index)).toEqual(inAll(ROUNDS - 1));
});

import { kafkaClient } from '../../../src/kafka/client/client.ts';
import type { KafkaClient } from '../../../src/kafka/port.ts';
import { silent } from '../../../src/observability/silent.ts';
import { uniqueName } from '../topic.ts';
import type { Config } from './configs.ts';

/** Key and value of a record. */
type Entry = readonly [key: string, value: string | null];

/** Keys and values that are no source offsets. */
const garbage: readonly Entry[] = [
  ...['', ' ', '[', '["', '["x', '["x"', '["x"]', '["x",', '["x",null]', '["x",[1]]', '[1,{"a":1}]', '[[],{}]', '{}'],
  ...['null', '"x"', '{"schema":null,"payload":["x",{"a":1}]}', 'x'.repeat(5000), '[', '[]', '\u0000\u0001', '🦀'],
].map(key => [key, '{"position":-1}'] as const);

/** Offsets of another connector: as Kafka Connect writes them, with white space, escaped, deleted, and malformed. */
const offsetsOf = (name: string): readonly Entry[] => {
  const text = JSON.stringify(name);
  const escaped = text.replace(/[^\\"]/, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [
    [`[${text},{"filename":"/old"}]`, '{"position":12345}'],
    [`[ ${text}, {"filename": "/spaced"}]`, '{"position": 1}'],
    [` [${text},{"filename":"/indented"}]`, '{"position":2}'],
    [`[${escaped},{"filename":"/escaped"}]`, '{"position":3}'],
    [`[${text},{"filename":"/gone"}]`, null],
    [`[${text},{"filename":"/broken"}]`, '{"position":'],
    [`[${text},{"protocol":"1","table":"public.orders"}]`, '{"incrementing":7}'],
  ];
};

/** Records of a connector in Kafka Connect's `config.storage.topic`. */
const configsOf = (name: string): readonly Entry[] => [
  [`connector-${name}`, JSON.stringify({ properties: { name, 'connector.class': 'FileStreamSource' } })],
  [`task-${name}-0`, JSON.stringify({ properties: { 'task.class': 'FileStreamSourceTask' } })],
  [`tasks-fencing-${name}`, '{"tasks":1}'],
  [`commit-${name}`, '{"tasks":1}'],
  [`target-state-${name}`, '{"state":"PAUSED"}'],
  [`restart-connector-${name}`, '{"include-tasks":true,"only-failed":false}'],
  [`connector-${name}`, null],
];
const foreignConfigs: readonly Entry[] = [
  ['session-key', '{"key":"Zm9v","algorithm":"HmacSHA256","creation-timestamp":1}'],
  ['logger-cluster-org.apache.kafka', '{"level":"NONSENSE"}'],
  ...['secret-', 'secret-x', 'secret-00000000-0000-0000-0000-000000000000'].flatMap(key =>
    ['', '{', 'null', '7', '{"value":7}', '{"secret":"x"}'].map((value): Entry => [key, value]),
  ),
];

/**
 * Writes data of other connectors to the topics that the connectors of a cluster share, and to consumer groups. names:
 * of connectors that the cluster never had. topic: an existing topic.
 */
export async function writeOldData(worker: Config, names: readonly string[], topic: string): Promise<void> {
  const kafka = kafkaClient({ brokers: [worker['bootstrap.servers'] ?? ''], clientId: 'old-data' }, silent);
  const [offsets = '', configs = ''] = [worker['offset.storage.topic'], worker['config.storage.topic']];
  const settings = { replicationFactor: 1, config: { 'cleanup.policy': 'compact' } };
  try {
    await kafka.admin.createTopics([
      { topic: offsets, partitions: 5, ...settings },
      { topic: configs, partitions: 1, ...settings },
    ]);
    await write(kafka, offsets, [...garbage, ...names.flatMap(offsetsOf)]);
    await write(kafka, configs, [...garbage, ...foreignConfigs, ...names.flatMap(configsOf)]);
    for (const name of names)
      await kafka.admin.commitGroupOffsets({
        group: `connect-${name}`,
        offsets: [{ topic, partition: 0, offset: 1_000_000 }],
      });
  } finally {
    await kafka.close();
  }
}

async function write(kafka: KafkaClient, topic: string, entries: readonly Entry[]): Promise<void> {
  const options = {
    transactionalId: uniqueName('old-data'),
    compression: 'none',
    transactionTimeoutMs: 20_000,
  } as const;
  const producer = await kafka.producer(options);
  await producer.prepare([topic]);
  const batch = producer.batch();
  for (const [name, value] of entries) {
    const key = Buffer.from(name);
    const bytes = Buffer.concat([key, Buffer.from(value ?? '')]);
    batch.append(topic, null, null, bytes, 0, key.length, value === null ? -1 : key.length, bytes.length, []);
  }
  await producer.commit(batch);
  await producer.close();
}

import { createHash } from 'node:crypto';
import { type ClientRole, sameBrokers } from './config/client-settings/index.ts';
import type { OpenServices } from './connector/services.ts';
import type { OffsetStore } from './engine/offset-store.ts';
import type { ClientPool } from './kafka/client/client-pool.ts';
import { type KafkaConfig, kafkaConfigFromProperties } from './kafka/kafka-config.ts';
import type { KafkaClient } from './kafka/port.ts';
import {
  appendPositions,
  ensureOffsetsTopic,
  loadPositions,
  type OffsetsTopic,
  positionsIn,
  readPositions,
} from './kafka/storage/offset-store.ts';

/** The worker's own Kafka client and its settings; its offsets topic. */
interface WorkerKafka {
  readonly config: KafkaConfig;
  readonly client: KafkaClient;
  readonly offsetsTopic: OffsetsTopic;
}

/** Opens what connectors need of Kafka; clients with the same settings are one. Connects to nothing yet. */
export function connectorServices(worker: WorkerKafka, pool: ClientPool): OpenServices {
  return (type, clients, props) => {
    using opening = new DisposableStack();
    const clientOf = (role: ClientRole) => opening.use(pool.take(kafkaConfigFromProperties(clients[role]))).client;
    const [writes, reads, administers] = [clientOf('producer'), clientOf('consumer'), clientOf('admin')];
    const kafka = joined(writes, reads, type === 'source' ? administers : reads);
    const brokers = clients.producer['bootstrap.servers'] ?? '';
    const elsewhere = !sameBrokers(brokers, worker.config.brokers.join(','));
    const topic = { ...worker.offsetsTopic, topic: props['offsets.storage.topic'] ?? worker.offsetsTopic.topic };
    const separate = type === 'source' && (elsewhere || topic.topic !== worker.offsetsTopic.topic);
    const workers = { kafka: worker.client, offsets: offsetsIn(worker.client, worker.offsetsTopic) };
    const opened = opening.move();
    return {
      kafka,
      deadLetterKafka: joined(writes, reads, administers),
      ...(separate
        ? { offsets: offsetsOver(kafka, topic, worker), workerOffsets: workers }
        : { offsets: offsetsIn(kafka, topic) }),
      brokers: elsewhere ? createHash('sha256').update(brokers).digest('hex').slice(0, 12) : '',
      [Symbol.dispose]: () => opened.dispose(),
    };
  };
}

/** One client with the identities of three. */
const joined = (writes: KafkaClient, reads: KafkaClient, administers: KafkaClient): KafkaClient =>
  writes === reads && reads === administers
    ? writes
    : {
        producer: options => writes.producer(options),
        fence: (ids, signal) => writes.fence(ids, signal),
        reader: options => reads.reader(options),
        readCommitted: (topic, options) => reads.readCommitted(topic, options),
        admin: administers.admin,
        disconnect() {
          for (const client of new Set([writes, reads, administers])) client.disconnect();
        },
        async close() {
          // Those who lent them close them.
        },
      };

/** The offsets topic as the engine's store; created when it is first needed. */
export function offsetsIn(kafka: KafkaClient, topic: OffsetsTopic): OffsetStore {
  return {
    topic: topic.topic,
    async load(connector, options) {
      await ensureOffsetsTopic(kafka, topic);
      return loadPositions(kafka, topic.topic, connector, options);
    },
    append: (batch, connector, positions) => appendPositions(batch, topic.topic, connector, positions),
  };
}

/** As offsetsIn; positions of partitions that the topic has never had are those of the worker's topic (KIP-618). */
function offsetsOver(kafka: KafkaClient, topic: OffsetsTopic, worker: WorkerKafka): OffsetStore {
  return {
    ...offsetsIn(kafka, topic),
    async load(connector, options) {
      await ensureOffsetsTopic(worker.client, worker.offsetsTopic);
      await ensureOffsetsTopic(kafka, topic);
      const before = await readPositions(worker.client, worker.offsetsTopic.topic, connector, options);
      const own = await readPositions(kafka, topic.topic, connector, options);
      return positionsIn(new Map([...before, ...own]));
    },
  };
}

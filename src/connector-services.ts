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
  readPositions,
  toPositionReader,
} from './kafka/storage/offset-store.ts';

/** The worker's Kafka client, its settings and its offsets topic. */
interface WorkerKafka {
  readonly config: KafkaConfig;
  readonly client: KafkaClient;
  readonly offsetsTopic: OffsetsTopic;
}

/** Opens the Kafka clients and offset stores of a connector. Clients with equal settings are shared. Does not connect yet. */
export function connectorServices(worker: WorkerKafka, pool: ClientPool): OpenServices {
  return (type, clients, props) => {
    using opening = new DisposableStack();
    const clientOf = (role: ClientRole) => opening.use(pool.acquire(kafkaConfigFromProperties(clients[role]))).client;
    const [writes, reads, administers] = [clientOf('producer'), clientOf('consumer'), clientOf('admin')];
    const kafka = combineClients(writes, reads, type === 'source' ? administers : reads);
    const brokers = clients.producer['bootstrap.servers'] ?? '';
    const hasOwnBrokers = !sameBrokers(brokers, worker.config.brokers.join(','));
    const topic = { ...worker.offsetsTopic, topic: props['offsets.storage.topic'] ?? worker.offsetsTopic.topic };
    const hasOwnTopic = type === 'source' && (hasOwnBrokers || topic.topic !== worker.offsetsTopic.topic);
    const workers = { kafka: worker.client, offsets: offsetStore(worker.client, worker.offsetsTopic) };
    const opened = opening.move();
    return {
      kafka,
      deadLetterKafka: combineClients(writes, reads, administers),
      ...(hasOwnTopic
        ? { offsets: offsetStoreWithFallback(kafka, topic, worker), workerOffsets: workers }
        : { offsets: offsetStore(kafka, topic) }),
      brokers: hasOwnBrokers ? createHash('sha256').update(brokers).digest('hex').slice(0, 12) : '',
      [Symbol.dispose]: () => opened.dispose(),
    };
  };
}

/** Combines three clients with different credentials. */
const combineClients = (writes: KafkaClient, reads: KafkaClient, administers: KafkaClient): KafkaClient =>
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
          // The pool closes the clients.
        },
      };

/** The engine's offset store in a topic, which is created on first use. */
export function offsetStore(kafka: KafkaClient, topic: OffsetsTopic): OffsetStore {
  return {
    topic: topic.topic,
    async load(connector, options) {
      await ensureOffsetsTopic(kafka, topic);
      return loadPositions(kafka, topic.topic, connector, options);
    },
    append: (batch, connector, positions) => appendPositions(batch, topic.topic, connector, positions),
  };
}

/** An offset store that reads partitions without an entry in its topic from the worker's topic (KIP-618). */
function offsetStoreWithFallback(kafka: KafkaClient, topic: OffsetsTopic, worker: WorkerKafka): OffsetStore {
  return {
    ...offsetStore(kafka, topic),
    async load(connector, options) {
      await ensureOffsetsTopic(worker.client, worker.offsetsTopic);
      await ensureOffsetsTopic(kafka, topic);
      const fallback = await readPositions(worker.client, worker.offsetsTopic.topic, connector, options);
      const positions = await readPositions(kafka, topic.topic, connector, options);
      return toPositionReader(new Map([...fallback, ...positions]));
    },
  };
}

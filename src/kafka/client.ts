import type { Log } from '../api/component.ts';
import { kafkaAdmin } from './admin.ts';
import { Cluster } from './cluster.ts';
import type { KafkaConfig } from './kafka-config.ts';
import type { KafkaClient } from './port.ts';
import { openProducer } from './producer.ts';
import { openReader } from './reader.ts';

/**
 * A client of one cluster. Connects to nothing until it is used; every producer and reader has connections of its own.
 * `close` also ends those that are still open.
 */
export function kafkaClient(config: KafkaConfig, log: Log): KafkaClient {
  const clusters = new Set<Cluster>();
  const cluster = (): Cluster => {
    const made = new Cluster(config, log);
    clusters.add(made);
    made.signal.addEventListener('abort', () => clusters.delete(made), { once: true });
    return made;
  };
  return {
    producer: options => openProducer(cluster(), options, log),
    reader: options => openReader(cluster(), options, log),
    admin: kafkaAdmin(cluster()),
    async close() {
      for (const open of [...clusters]) open.close();
    },
  };
}

import { addAbortListener } from 'node:events';
import type { Log } from '../../api/component.ts';
import { Cluster } from '../cluster/cluster.ts';
import type { KafkaConfig } from '../kafka-config.ts';
import type { KafkaClient } from '../port.ts';
import { fenceProducers } from '../producer/fence.ts';
import { openProducer } from '../producer/producer.ts';
import { readCommitted } from '../reader/committed-read.ts';
import { openReader } from '../reader/reader.ts';
import { kafkaAdmin } from './admin.ts';

/**
 * A client of one cluster. Connects to nothing until it is used; every producer and reader has connections of its own.
 * `close` also ends those that are still open.
 */
export function kafkaClient(config: KafkaConfig, log: Log): KafkaClient {
  const clusters = new Set<Cluster>();
  const cluster = (signal?: AbortSignal): Cluster => {
    const made = new Cluster(config, log);
    const stopping = signal && addAbortListener(signal, () => made.close());
    clusters.add(made);
    addAbortListener(made.signal, () => {
      clusters.delete(made);
      stopping?.[Symbol.dispose]();
    });
    return made;
  };
  const ofAdmin = cluster();
  return {
    producer: options => openProducer(cluster(), options, log),
    fence: (ids, signal) => fenceProducers(cluster(signal), ids),
    reader: options => openReader(cluster(options.signal), options, log),
    readCommitted: (topic, options) => readCommitted(() => cluster(options.signal), topic, options, log),
    admin: kafkaAdmin(ofAdmin),
    disconnect() {
      ofAdmin.disconnect();
      for (const open of [...clusters]) if (open !== ofAdmin) open.close();
    },
    async close() {
      for (const open of [...clusters]) open.close();
    },
  };
}

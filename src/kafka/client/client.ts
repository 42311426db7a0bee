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
 * Creates the client of a cluster. It connects on first use; each producer and reader has its own connections. `close` closes
 * open producers and readers too.
 */
export function kafkaClient(config: KafkaConfig, log: Log): KafkaClient {
  const clusters = new Set<Cluster>();
  const openCluster = (signal?: AbortSignal): Cluster => {
    const cluster = new Cluster(config, log);
    const listener = signal && addAbortListener(signal, () => cluster.close());
    clusters.add(cluster);
    addAbortListener(cluster.signal, () => {
      clusters.delete(cluster);
      listener?.[Symbol.dispose]();
    });
    return cluster;
  };
  const adminCluster = openCluster();
  return {
    producer: options => openProducer(openCluster(), options, log),
    fence: (ids, signal) => fenceProducers(openCluster(signal), ids),
    reader: options => openReader(openCluster(options.signal), options, log),
    readCommitted: (topic, options) => readCommitted(() => openCluster(options.signal), topic, options, log),
    admin: kafkaAdmin(adminCluster),
    disconnect() {
      adminCluster.disconnect();
      for (const open of [...clusters]) if (open !== adminCluster) open.close();
    },
    async close() {
      for (const open of [...clusters]) open.close();
    },
  };
}

import type { Log } from '../api/index.ts';
import { kafkaClient } from '../kafka/client/client.ts';
import { watchKafka } from '../kafka/client/connectivity.ts';
import type { KafkaConfig } from '../kafka/kafka-config.ts';
import { silent } from '../observability/silent.ts';

/** Timeouts of connectivity probes; a broker counts as lost after several failed probes. */
const PROBE_TIMEOUTS = { requestTimeoutMs: 2000, connectionTimeoutMs: 2000 };

/** Watches whether Kafka answers this worker, and logs changes. */
export function watchBrokers(
  config: KafkaConfig,
  log: Log,
  { lost, found }: { lost(): void; found(): void },
): { close(): Promise<void> } {
  const { brokers } = config;
  const probes = brokers.map(broker => kafkaClient({ ...config, ...PROBE_TIMEOUTS, brokers: [broker] }, silent));
  const watch = watchKafka(probes, {
    lost() {
      log.warn({ brokers }, 'Kafka does not answer: tasks move to other workers');
      lost();
    },
    found() {
      log.info({ brokers }, 'Kafka answers again: this worker runs tasks again');
      found();
    },
  });
  return {
    async close() {
      watch.close();
      await Promise.all(probes.map(probe => probe.close()));
    },
  };
}

import type { SinkWriter } from '../api/index.ts';
import type { KafkaClient } from '../kafka/port.ts';

interface Attempt {
  /** `group.id` of the workers. */
  readonly cluster: string;
  readonly connector: string;
  readonly generation: number;
  readonly attempt: number;
}

/** Identity of an attempt that a sink stores with its positions. It contains the id of the Kafka cluster of the topics. */
export async function sinkWriter(
  kafka: KafkaClient,
  { cluster, connector, generation, attempt }: Attempt,
): Promise<SinkWriter> {
  return { cluster: `${await kafka.admin.clusterId()}/${cluster}`, connector, generation, attempt };
}

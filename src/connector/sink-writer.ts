import type { SinkWriter } from '../api/index.ts';
import type { KafkaClient } from '../kafka/port.ts';

interface Attempt {
  /** `group.id` of the workers. */
  readonly cluster: string;
  readonly connector: string;
  readonly generation: number;
  readonly attempt: number;
}

/** Identity of an attempt as a sink stores it. The Kafka cluster is part of it: positions are of that cluster's topics. */
export async function sinkWriter(
  kafka: KafkaClient,
  { cluster, connector, generation, attempt }: Attempt,
): Promise<SinkWriter> {
  return { cluster: `${await kafka.admin.clusterId()}/${cluster}`, connector, generation, attempt };
}

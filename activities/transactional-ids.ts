import type { TransactionalId } from '../src/kafka/port.ts';

interface Connector {
  /** `group.id` of the workers. */
  readonly cluster: string;
  readonly connector: string;
}
interface Task extends Connector {
  readonly task: number;
}

/** Ids of the producers of a source's task, of a sink's dead-letter queue, and of what sets a source's offsets. */
export const taskId = ({ cluster, connector, task }: Task): string => `${cluster}-${connector}-${task}`;
export const deadLetterId = (task: Task): string => `${taskId(task)}-dlq`;
export const offsetsId = ({ cluster, connector }: Connector): string => `${cluster}-${connector}-offsets`;

/** A configuration; placeholders may stand in it. */
export type ProducerProps = Readonly<Record<string, string>>;

/** The connector's `producer.override.*`, else the worker's `producer.*`. */
export const producerSetting = (props: ProducerProps, key: string): string | undefined =>
  props[`producer.override.${key}`] ?? props[`producer.${key}`];

/** Kafka's default. */
const TIMEOUT_MS = 60_000;

/** As in Kafka Connect, a configured transactional.id is ignored: all tasks would share it. */
export const withTimeout = (transactionalId: string, props: ProducerProps): TransactionalId => ({
  transactionalId,
  transactionTimeoutMs: Number(producerSetting(props, 'transaction.timeout.ms')) || TIMEOUT_MS,
});

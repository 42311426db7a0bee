import type { ClientProps } from '../config/client-settings/index.ts';
import type { TransactionalId } from '../kafka/port.ts';

export interface Connector {
  /** `group.id` of the workers. */
  readonly cluster: string;
  readonly connector: string;
}
interface Task extends Connector {
  readonly task: number;
}

/** Ids of the producers of source tasks, dead-letter queues, offset changes and offset copies. */
export const taskTransactionalId = ({ cluster, connector, task }: Task): string => `${cluster}-${connector}-${task}`;
export const deadLetterTransactionalId = (task: Task): string => `${taskTransactionalId(task)}-dlq`;
export const copyTransactionalId = (connector: Connector): string => `${offsetsTransactionalId(connector)}-copy`;
export const offsetsTransactionalId = ({ cluster, connector }: Connector): string => `${cluster}-${connector}-offsets`;

/** Kafka's default of `transaction.timeout.ms`. */
const TIMEOUT_MS = 60_000;

/** Ignores a configured transactional.id, like Kafka Connect: all tasks would share it. */
export const withTimeout = (transactionalId: string, producer: ClientProps): TransactionalId => ({
  transactionalId,
  transactionTimeoutMs: Number(producer['transaction.timeout.ms']) || TIMEOUT_MS,
});

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

/** Ids of the producers of a source's task, of a sink's dead-letter queue, and of what sets or copies a source's offsets. */
export const taskId = ({ cluster, connector, task }: Task): string => `${cluster}-${connector}-${task}`;
export const deadLetterId = (task: Task): string => `${taskId(task)}-dlq`;
export const copyId = (connector: Connector): string => `${offsetsId(connector)}-copy`;
export const offsetsId = ({ cluster, connector }: Connector): string => `${cluster}-${connector}-offsets`;

/** Kafka's default. */
const TIMEOUT_MS = 60_000;

/** As in Kafka Connect, a configured transactional.id is ignored: all tasks would share it. */
export const withTimeout = (transactionalId: string, producer: ClientProps): TransactionalId => ({
  transactionalId,
  transactionTimeoutMs: Number(producer['transaction.timeout.ms']) || TIMEOUT_MS,
});

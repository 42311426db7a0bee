import type { FenceArgs, Fences, TaskArgs } from '../../workflows/shared/messages.ts';
import type { Log } from '../api/index.ts';
import type { ClientProps } from '../config/client-settings/index.ts';
import { kindOf, messageOf } from '../errors.ts';
import type { ProducerFence, TransactionalId } from '../kafka/port.ts';
import type { ConnectorServices } from './services.ts';
import {
  deadLetterTransactionalId,
  offsetsTransactionalId,
  taskTransactionalId,
  withTimeout,
} from './transactional-ids.ts';

export interface FenceDeps {
  readonly services: Pick<ConnectorServices, 'kafka' | 'workerOffsets' | 'brokers'>;
  readonly producer: ClientProps;
  readonly log: Log;
}

/** Ids of all producers that tasks of this configuration may have opened, by task, and of the one that changed offsets. */
function producerIds(
  args: FenceArgs,
  props: Readonly<Record<string, string>>,
  { services, producer }: FenceDeps,
): ReadonlyMap<string, TransactionalId> {
  const { cluster, connector, type, tasks, altered, fences } = args;
  const ids = new Map<string, TransactionalId>();
  const add = (name: string, transactionalId: string) => {
    const fence = parseFence(fences[name], services);
    ids.set(name, { ...withTimeout(transactionalId, producer), ...(fence === undefined ? {} : { fence }) });
  };
  for (let task = 0; task < tasks; task++) {
    const id = { cluster, connector, task };
    if (type === 'source') add(String(task), taskTransactionalId(id));
    else if ((props['errors.deadletterqueue.topic.name'] ?? '') !== '')
      add(String(task), deadLetterTransactionalId(id));
  }
  if (altered && type === 'source') add('offsets', offsetsTransactionalId(args));
  return ids;
}

/** Timeout in milliseconds for brokers of the connector's own settings: a wrong address must not block changes or deletion. */
const OTHER_BROKERS_MS = 5000;

/** Fences all producers of earlier generations. KAFKA_UNAVAILABLE. A producer that Kafka does not authorize never wrote. */
export async function fenceProducers(
  deps: FenceDeps,
  args: FenceArgs,
  props: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Fences> {
  const { services, producer, log } = deps;
  const ids = producerIds(args, props, deps);
  const limited = services.brokers === '' ? signal : AbortSignal.any([signal, AbortSignal.timeout(OTHER_BROKERS_MS)]);
  try {
    if (ids.has('offsets'))
      await services.workerOffsets?.kafka.fence([withTimeout(offsetsTransactionalId(args), producer)], signal);
    const fences = await services.kafka.fence([...ids.values()], limited);
    const texts = [...ids.keys()].map((name, i) => [name, formatFence(fences[i], services)] as const);
    return Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
  } catch (error) {
    signal.throwIfAborted();
    if (kindOf(error) === 'retriable' && services.brokers === '') throw error;
    log.warn({ connector: args.connector, reason: messageOf(error) }, 'producers of earlier tasks could not be fenced');
    return {};
  }
}

/** Producer ids belong to one cluster: the text includes its brokers if they are not the worker's. */
const formatFence = (fence: ProducerFence | undefined, { brokers }: Brokers): string | undefined =>
  fence && `${fence.producerId}/${fence.epoch}/${fence.outcome}${brokers && `@${brokers}`}`;

type Brokers = Pick<ConnectorServices, 'brokers'>;

function parseFence(text: string | undefined, cluster: Brokers): ProducerFence | undefined {
  const [, producerId, epoch, outcome, brokers = ''] =
    /^(\d+)\/(\d+)\/(committed|aborted|unknown)(?:@(.*))?$/.exec(text ?? '') ?? [];
  if (producerId === undefined || brokers !== cluster.brokers) return undefined;
  return { producerId, epoch: Number(epoch), outcome: outcome as ProducerFence['outcome'] };
}

/** Option of a task's producer: the result of the last fencing. */
export function fenceOption({ fence }: Pick<TaskArgs, 'fence'>, services: Brokers): { readonly fence?: ProducerFence } {
  const parsedFence = parseFence(fence, services);
  return parsedFence === undefined ? {} : { fence: parsedFence };
}

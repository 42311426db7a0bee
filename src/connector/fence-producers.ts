import type { FenceArgs, Fences, TaskArgs } from '../../workflows/shared/messages.ts';
import type { Log } from '../api/index.ts';
import type { ClientProps } from '../config/client-settings/index.ts';
import { kindOf, messageOf } from '../errors.ts';
import type { ProducerFence, TransactionalId } from '../kafka/port.ts';
import type { ConnectorServices } from './services.ts';
import { deadLetterId, offsetsId, taskId, withTimeout } from './transactional-ids.ts';

export interface FenceDeps {
  readonly services: Pick<ConnectorServices, 'kafka' | 'workerOffsets' | 'brokers'>;
  readonly producer: ClientProps;
  readonly log: Log;
}

/** Ids of all producers that tasks of this configuration may have opened, by task; and that which offsets were set with. */
function producerIds(
  args: FenceArgs,
  props: Readonly<Record<string, string>>,
  { services, producer }: FenceDeps,
): ReadonlyMap<string, TransactionalId> {
  const { cluster, connector, type, tasks, altered, fences } = args;
  const ids = new Map<string, TransactionalId>();
  const add = (name: string, id: string) => {
    const fence = fenceOf(fences[name], services);
    ids.set(name, { ...withTimeout(id, producer), ...(fence === undefined ? {} : { fence }) });
  };
  for (let task = 0; task < tasks; task++) {
    const of = { cluster, connector, task };
    if (type === 'source') add(String(task), taskId(of));
    else if ((props['errors.deadletterqueue.topic.name'] ?? '') !== '') add(String(task), deadLetterId(of));
  }
  if (altered && type === 'source') add('offsets', offsetsId(args));
  return ids;
}

/** Milliseconds for brokers that the connector names: a wrong address must not keep it from being changed or deleted. */
const OTHER_BROKERS_MS = 5000;

/** Fences every producer of an earlier generation. KAFKA_UNAVAILABLE; what Kafka does not allow was never opened either. */
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
    if (ids.has('offsets')) await services.workerOffsets?.kafka.fence([withTimeout(offsetsId(args), producer)], signal);
    const fences = await services.kafka.fence([...ids.values()], limited);
    const texts = [...ids.keys()].map((name, i) => [name, textOf(fences[i], services)] as const);
    return Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
  } catch (error) {
    signal.throwIfAborted();
    if (kindOf(error) === 'retriable' && services.brokers === '') throw error;
    log.warn({ connector: args.connector, reason: messageOf(error) }, 'producers of earlier tasks could not be fenced');
    return {};
  }
}

/** Producer ids are of one cluster: the text tells its brokers, where they are not the worker's. */
const textOf = (fence: ProducerFence | undefined, { brokers }: Brokers): string | undefined =>
  fence && `${fence.producerId}/${fence.epoch}/${fence.ending}${brokers && `@${brokers}`}`;

type Brokers = Pick<ConnectorServices, 'brokers'>;

function fenceOf(text: string | undefined, of: Brokers): ProducerFence | undefined {
  const [, producerId, epoch, ending, brokers = ''] =
    /^(\d+)\/(\d+)\/(committed|aborted|unknown)(?:@(.*))?$/.exec(text ?? '') ?? [];
  if (producerId === undefined || brokers !== of.brokers) return undefined;
  return { producerId, epoch: Number(epoch), ending: ending as ProducerFence['ending'] };
}

/** For the options of a task's producer. */
export function givenFence({ fence }: Pick<TaskArgs, 'fence'>, services: Brokers): { readonly fence?: ProducerFence } {
  const given = fenceOf(fence, services);
  return given === undefined ? {} : { fence: given };
}

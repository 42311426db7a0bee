import type { Log } from '../src/api/index.ts';
import { kindOf, messageOf } from '../src/errors.ts';
import type { KafkaClient, ProducerFence, TransactionalId } from '../src/kafka/port.ts';
import type { FenceArgs, Fences, TaskArgs } from '../workflows/messages.ts';
import { deadLetterId, offsetsId, type ProducerProps, taskId, withTimeout } from './transactional-ids.ts';

export interface FenceDeps {
  readonly kafka: KafkaClient;
  readonly log: Log;
}

/** Ids of all producers that tasks of this configuration may have opened, by task; and that which offsets were set with. */
function producerIds(args: FenceArgs, props: ProducerProps): ReadonlyMap<string, TransactionalId> {
  const { cluster, connector, type, tasks, altered, fences } = args;
  const ids = new Map<string, TransactionalId>();
  const add = (name: string, id: string) => {
    const fence = fenceOf(fences[name]);
    ids.set(name, { ...withTimeout(id, props), ...(fence === undefined ? {} : { fence }) });
  };
  for (let task = 0; task < tasks; task++) {
    const of = { cluster, connector, task };
    if (type === 'source') add(String(task), taskId(of));
    else if ((props['errors.deadletterqueue.topic.name'] ?? '') !== '') add(String(task), deadLetterId(of));
  }
  if (altered && type === 'source') add('offsets', offsetsId(args));
  return ids;
}

/** Fences every producer of an earlier generation. KAFKA_UNAVAILABLE; what Kafka does not allow was never opened either. */
export async function fenceProducers(
  { kafka, log }: FenceDeps,
  args: FenceArgs,
  props: ProducerProps,
  signal: AbortSignal,
): Promise<Fences> {
  const ids = producerIds(args, props);
  try {
    const fences = await kafka.fence([...ids.values()], signal);
    const texts = [...ids.keys()].map((name, i) => [name, textOf(fences[i])] as const);
    return Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
  } catch (error) {
    if (kindOf(error) === 'retriable') throw error;
    log.warn({ connector: args.connector, reason: messageOf(error) }, 'producers of earlier tasks could not be fenced');
    return {};
  }
}

const textOf = (fence: ProducerFence | undefined): string | undefined =>
  fence && `${fence.producerId}/${fence.epoch}/${fence.ending}`;

function fenceOf(text: string | undefined): ProducerFence | undefined {
  const [, producerId, epoch, ending] = /^(\d+)\/(\d+)\/(committed|aborted|unknown)$/.exec(text ?? '') ?? [];
  if (producerId === undefined) return undefined;
  return { producerId, epoch: Number(epoch), ending: ending as ProducerFence['ending'] };
}

/** For the options of a task's producer. */
export function givenFence({ fence }: Pick<TaskArgs, 'fence'>): { readonly fence?: ProducerFence } {
  const given = fenceOf(fence);
  return given === undefined ? {} : { fence: given };
}

import type { ClientSettings } from '../../config/client-settings/index.ts';
import { untilAborted } from '../../engine/grace.ts';
import { kindOf, messageOf } from '../../errors.ts';
import { producerOptions } from '../pipeline.ts';
import type { ConnectorServices } from '../services.ts';
import { type Connector, copyId } from '../transactional-ids.ts';
import { type AlterContext, disposed, putPositions } from './offsets.ts';

/** Milliseconds for brokers that the connector names: a wrong address must not keep it from being changed or deleted. */
const OTHER_BROKERS_MS = 5000;

/**
 * Copies the positions of a source that has an offsets topic of its own to the worker's, so that it goes on from them when
 * that is taken away. Called between two generations, behind the fence. A replaced attempt is fenced by its successor.
 */
export async function copyOffsets(
  services: ConnectorServices,
  args: Connector,
  clients: ClientSettings,
  context: AlterContext,
): Promise<void> {
  const { signal, log } = context;
  const elsewhere = services.brokers !== '';
  const limited = elsewhere ? AbortSignal.any([signal, AbortSignal.timeout(OTHER_BROKERS_MS)]) : signal;
  try {
    await untilAborted(limited, copyPositions(services, args, clients, { ...context, signal: limited }));
  } catch (error) {
    signal.throwIfAborted();
    if (kindOf(error) === 'retriable' && !elsewhere) throw error;
    log.warn(
      { connector: args.connector, reason: messageOf(error) },
      'offsets are not copied to the offset.storage.topic of the worker',
    );
  }
}

async function copyPositions(
  { offsets, workerOffsets }: ConnectorServices,
  args: Connector,
  { producer: settings }: ClientSettings,
  context: AlterContext,
): Promise<void> {
  if (workerOffsets === undefined) return;
  const { connector } = args;
  const { kafka, offsets: copies } = workerOffsets;
  const { signal } = context;
  const positions = (await offsets.load(connector, { signal })).all();
  const before = await copies.load(connector, { signal });
  const changed = positions.filter(
    ({ partition, offset }) => JSON.stringify(before.get(partition)) !== JSON.stringify(offset),
  );
  if (changed.length === 0) return;
  await using worker = disposed(await kafka.producer({ ...producerOptions(settings, copyId(args)), signal }));
  await putPositions(worker.producer, copies, connector, changed, context);
}

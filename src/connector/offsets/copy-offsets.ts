import type { ClientSettings } from '../../config/client-settings/index.ts';
import { untilAborted } from '../../engine/grace.ts';
import { kindOf, messageOf } from '../../errors.ts';
import { producerOptions } from '../pipeline.ts';
import type { ConnectorServices } from '../services.ts';
import { type Connector, copyTransactionalId } from '../transactional-ids.ts';
import { type AlterContext, disposable, writePositions } from './offsets.ts';

/** Timeout in milliseconds for brokers of the connector's own settings: a wrong address must not block changes or deletion. */
const OTHER_BROKERS_MS = 5000;

/**
 * Copies the offsets of a source with its own offsets topic to the worker's topic, so that the source continues there after
 * the setting is removed. Called between two generations, after fencing. The next attempt fences a replaced one.
 */
export async function copyOffsets(
  services: ConnectorServices,
  args: Connector,
  clients: ClientSettings,
  context: AlterContext,
): Promise<void> {
  const { signal, log } = context;
  const hasOwnBrokers = services.brokers !== '';
  const limited = hasOwnBrokers ? AbortSignal.any([signal, AbortSignal.timeout(OTHER_BROKERS_MS)]) : signal;
  try {
    await untilAborted(limited, copyPositions(services, args, clients, { ...context, signal: limited }));
  } catch (error) {
    signal.throwIfAborted();
    if (kindOf(error) === 'retriable' && !hasOwnBrokers) throw error;
    log.warn(
      { connector: args.connector, reason: messageOf(error) },
      'offsets could not be copied to the offset.storage.topic of the worker',
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
  await using worker = disposable(
    await kafka.producer({ ...producerOptions(settings, copyTransactionalId(args)), signal }),
  );
  await writePositions(worker.producer, copies, connector, changed, context);
}

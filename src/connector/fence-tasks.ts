import type { ConnectorConfig, FenceArgs, Fences } from '../../workflows/shared/messages.ts';
import type { PlanContext } from '../api/index.ts';
import { type ClientSettings, clientSettings } from '../config/client-settings/index.ts';
import { untilAborted } from '../engine/grace.ts';
import { parseTaskConfig } from '../engine/task-config.ts';
import { messageOf } from '../errors.ts';
import { workerClientProps } from './components.ts';
import { fenceProducers } from './fence-producers.ts';
import { copyOffsets } from './offsets/copy-offsets.ts';
import { contextOf, type OperationContext, type OperationDeps, openConnector } from './open-connector.ts';
import type { ConnectorServices } from './services.ts';
import { sinkWriter } from './sink-writer.ts';

/** Fences with the configuration of the earlier tasks. If it cannot be resolved any more, only the producers are fenced. */
export async function fenceTasks(deps: OperationDeps, context: OperationContext, args: FenceArgs): Promise<Fences> {
  const { connector: name, config } = args;
  const { log, signal } = contextOf(deps, context);
  const logSkipped = (error: unknown): undefined =>
    void log.warn(
      { connector: name, reason: messageOf(error) },
      'earlier tasks could not be fenced in their destination',
    );
  const opened = await openConnector(deps, name, config, context.redact).catch(logSkipped);
  const props = opened?.props ?? config;
  const clients = opened?.clients ?? clientSettings(args.type, (await workerClientProps(deps)).props, config);
  await context.confirm();
  using services = servicesOf(deps, args, clients, props);
  if (services === undefined) return {};
  const [fences] = await Promise.all([
    fenceProducers({ services, producer: clients.producer, log }, args, props, signal),
    opened && fenceDestination(services, args, opened, { log, signal }).catch(logSkipped),
  ]);
  await copyOffsets(services, args, clients, { log, signal, confirm: context.confirm });
  return fences;
}

/** Returns undefined and logs a warning if placeholders in the clients' settings cannot be resolved any more. */
function servicesOf(
  { open, log }: OperationDeps,
  { connector, type }: FenceArgs,
  clients: ClientSettings,
  props: ConnectorConfig,
): ConnectorServices | undefined {
  try {
    return open(type, clients, props);
  } catch (error) {
    log.warn({ connector, reason: messageOf(error) }, 'producers of earlier tasks could not be fenced');
    return undefined;
  }
}

async function fenceDestination(
  { kafka }: ConnectorServices,
  args: FenceArgs,
  { connector, props }: Awaited<ReturnType<typeof openConnector>>,
  { log, signal }: PlanContext,
): Promise<void> {
  if (connector.kind === 'source' || connector.fence === undefined) return;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(DESTINATION_MS)]);
  const writer = await sinkWriter(kafka, { ...args, attempt: 0 });
  await untilAborted(
    limited,
    connector.fence(parseTaskConfig(connector.config, props), writer, { log, signal: limited }),
  );
}

/** Timeout in milliseconds for fencing a destination, which may no longer exist. The next task claims its positions itself. */
const DESTINATION_MS = 5000;

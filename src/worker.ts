import { setTimeout as delay } from 'node:timers/promises';
import { clusterLevels } from './observability/cluster-levels.ts';
import { exposureWarnings } from './rest/access/exposure.ts';
import { exposedListeners, type Serving } from './rest/listeners.ts';
import { startServer } from './server.ts';
import { type DesiredConnector, putConnector } from './temporal/control/put-connector.ts';
import type { RunningWorkers } from './temporal/workers.ts';
import { checkConfigTopic } from './worker/config-topic-check.ts';
import { createContext, isFirstProcess, type WorkerContext } from './worker/context.ts';
import { connectorControl, type RestParts, restServices } from './worker/rest-services.ts';
import { runTasks } from './worker/run-tasks.ts';

export interface RunningWorker {
  /** Creates or configures a connector; waits for servers that are down. */
  put(connector: DesiredConnector, signal: AbortSignal): Promise<void>;
  /** Reports that this process has started; the parent then starts the other processes of the worker. */
  started(): void;
  stop(): Promise<void>;
}

export interface WorkerOptions {
  /** Files of the command line (worker properties, connectors), which connectors must not read. */
  readonly configFiles?: readonly string[];
}

/** Milliseconds that a stopping worker waits for pending requests, before and after its tasks are handed over. */
const REQUESTS_MS = 500;
const LAST_REQUESTS_MS = 5000;

/**
 * Starts a worker from Kafka Connect's worker properties. The REST API starts first and reports missing services; the
 * connection to Temporal is retried. CONFIG_INVALID names each invalid value.
 */
export async function startWorker(
  properties: Readonly<Record<string, string>>,
  { configFiles = [] }: WorkerOptions = {},
): Promise<RunningWorker> {
  const context = await createContext(properties, configFiles);
  const { observability, services, config, listeners, policy, number, dataPlane, connection, log } = context;
  const { props, configs, kafka } = services;
  if (isFirstProcess(context))
    for (const { fields, message } of exposureWarnings({ exposed: exposedListeners(listeners), policy, props }))
      log.warn(fields, message);
  const levels = clusterLevels(configs, config['group.id'], observability.loggers, log);
  observability.joinProcesses(number);
  const tasks = runTasks(context);
  const closeParts = async (): Promise<void> => {
    levels.close();
    await tasks.closeContacts();
    await dataPlane.close();
  };
  const parts = { ...connectorControl(context), tasks, levels };
  const server = await startServer(listeners, policy, restServices(context, parts)).catch(async (error: unknown) => {
    await tasks.workers.stop();
    await closeParts();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await stopServing(server, tasks.workers);
    await closeParts();
    await kafka.close();
    await connection.close();
  };
  try {
    await checkConfigTopic(configs, log);
  } catch (error) {
    await stop();
    throw error;
  }
  log.info({ urls: server.urls }, 'REST API listens');
  return {
    put: (connector, signal) => put(context, parts, connector, signal),
    started: () => observability.reportStarted(),
    async stop() {
      log.info({}, 'worker stops');
      await stop();
    },
  };
}

/** Pending requests may need the Temporal workers, but must not delay the handover of tasks. */
async function stopServing(server: Serving, workers: RunningWorkers): Promise<void> {
  const closed = server.close();
  await Promise.race([closed, delay(REQUESTS_MS)]);
  await workers.stop();
  await Promise.race([closed, delay(LAST_REQUESTS_MS)]);
}

async function put(
  { services, log }: WorkerContext,
  { control, tasks }: RestParts,
  connector: DesiredConnector,
  signal: AbortSignal,
): Promise<void> {
  const outcome = await putConnector(control, connector, {
    resolveSecrets: async (name, sealed) => (await services.secrets.unseal(name, sealed)).props,
    isReady: () => tasks.workers.isReady(),
    log,
    signal,
  });
  log.info({ connector: connector.name }, `connector from a file: ${outcome}`);
}

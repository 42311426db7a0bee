import { extname } from 'node:path';
import { Client, type Connection } from '@temporalio/client';
import type { Log } from '../api/index.ts';
import type { WorkerConfig } from '../config/worker-config/worker-config.ts';
import { processChannel, threadChannel } from '../data-plane/channel.ts';
import { DataPlane } from '../data-plane/data-plane.ts';
import { engineServices } from '../engine-services.ts';
import { processNumber } from '../processes/member.ts';
import type { AccessPolicy } from '../rest/access/access-policy.ts';
import { type Listener, parseListeners } from '../rest/listeners.ts';
import { cacheFolder } from '../stack/cache.ts';
import { lazyConnection } from '../temporal/connection.ts';
import { installRuntime } from '../temporal/runtime.ts';
import { workflowBundle } from '../temporal/workflow-bundle.ts';
import { WorkerObservability } from './observability.ts';
import { accessPolicyOf, logIgnoredProperties, temporalOptions, workerIdOf } from './worker-properties.ts';

type Services = Awaited<ReturnType<typeof engineServices>>;

/** Settings, services and clients that all parts of this process use. */
export interface WorkerContext {
  readonly observability: WorkerObservability;
  readonly services: Services;
  readonly config: WorkerConfig;
  readonly listeners: readonly [Listener, ...Listener[]];
  readonly policy: AccessPolicy;
  /** Address of the worker in states: `host:port`. */
  readonly workerId: string;
  /** Number of this process; undefined for a worker with a single process. */
  readonly number: number | undefined;
  readonly taskQueue: string;
  readonly bundle: { readonly codePath: string };
  readonly dataPlane: DataPlane;
  readonly connection: Connection;
  readonly client: Client;
  readonly log: Log;
}

/** Program of a task host: source in a checkout, otherwise compiled. */
const hostEntry = new URL(`../task-host${extname(import.meta.url)}`, import.meta.url);

/** Reads the worker's properties and creates its clients and its data plane, which connect later. CONFIG_INVALID. */
export async function createContext(
  properties: Readonly<Record<string, string>>,
  configFiles: readonly string[],
): Promise<WorkerContext> {
  const number = processNumber();
  const observability = new WorkerObservability();
  const { loggers } = observability;
  const log = loggers.log('worker');
  const services = await engineServices(properties, { loggers, configFiles });
  const { props, config } = services;
  logIgnoredProperties(props, config, log);
  const listeners = parseListeners(props);
  const policy = accessPolicyOf(props, config, listeners);
  installRuntime(loggers.log('temporal'));
  const connection = lazyConnection(temporalOptions(config));
  const bundle = await workflowBundle(cacheFolder());
  const dataPlane = new DataPlane({
    openThread: () => threadChannel(hostEntry),
    openProcess: () => processChannel(hostEntry),
    settings: { properties, configFiles, ...(number === undefined ? {} : { process: String(number) }) },
    levels: () => loggers.levels(),
    unresponsiveMs: config['task.unresponsive.timeout.ms'],
    log,
  });
  observability.attach(dataPlane);
  return {
    observability,
    services,
    config,
    listeners,
    policy,
    workerId: workerIdOf(props, listeners[0]),
    number,
    taskQueue: config['temporal.task.queue'] ?? `millrace-${config['group.id']}`,
    bundle,
    dataPlane,
    connection,
    client: new Client({ connection, namespace: config['temporal.namespace'] }),
    log,
  };
}

/** True in a worker with a single process too. */
export const isFirstProcess = ({ number }: WorkerContext): boolean => number === undefined || number === 1;

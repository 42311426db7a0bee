import { Client, Connection } from '@temporalio/client';
import { MillraceError, messageOf } from '../errors.ts';
import { type ControlDeps, temporalControl } from '../temporal/control/control-client.ts';
import { admitFor } from './admit.ts';
import { createConnectors, type Millrace } from './handles.ts';

export interface MillraceOptions {
  /** Temporal's gRPC frontend, `host:port`, or an existing client, which the caller closes. Default 127.0.0.1:7233. */
  readonly temporal?: string | Client;
  /** `group.id` of the workers. Default connect-cluster, the workers' default. */
  readonly cluster?: string;
  /** Temporal namespace; ignored for an existing client. Default: default. */
  readonly namespace?: string;
  /** `temporal.task.queue` of the workers. Default: millrace-<cluster>, the workers' default. */
  readonly taskQueue?: string;
  /** API key for Temporal Cloud; enables TLS. */
  readonly apiKey?: string;
  /** TLS to Temporal. */
  readonly tls?: boolean;
}

const ADDRESS = '127.0.0.1:7233';
const CLUSTER = 'connect-cluster';
const CONNECT_MS = 5000;

/** Connects to the Temporal of a Millrace cluster. TEMPORAL_UNAVAILABLE. */
export async function connectMillrace(options: MillraceOptions = {}): Promise<Millrace> {
  const { cluster = CLUSTER, taskQueue = `millrace-${cluster}` } = options;
  const { client, address, close } = await connectClient(options);
  const deps: Omit<ControlDeps, 'admit'> = {
    client,
    address,
    cluster,
    taskQueue,
    // Shown as the worker of tasks that no worker runs.
    workerId: taskQueue,
    // Only workers store secrets; they delete those of a deleted connector.
    deleteSecrets: async () => undefined,
    reveal: async (_connector, config) => config,
  };
  const connectors = createConnectors(type => temporalControl({ ...deps, admit: admitFor(type) }));
  return { connectors, close, [Symbol.asyncDispose]: close };
}

async function connectClient({ temporal = ADDRESS, namespace = 'default', apiKey, tls }: MillraceOptions) {
  if (typeof temporal !== 'string')
    return { client: temporal, address: "its client's address", close: async () => undefined };
  const connection = await Connection.connect({
    address: temporal,
    connectTimeout: CONNECT_MS,
    ...(tls === true || apiKey !== undefined ? { tls: true } : {}),
    ...(apiKey === undefined ? {} : { apiKey }),
  }).catch((error: unknown) => {
    const message = `Temporal at ${temporal} cannot be reached (${messageOf(error)}). Check the address.`;
    throw new MillraceError('TEMPORAL_UNAVAILABLE', message, { cause: error });
  });
  const client = new Client({ connection, namespace });
  return { client, address: temporal, close: () => connection.close() };
}

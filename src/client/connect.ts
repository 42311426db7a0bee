import { Client, Connection } from '@temporalio/client';
import { MillraceError, messageOf } from '../errors.ts';
import { type ControlDeps, temporalControl } from '../temporal/control-client.ts';
import { preparedFor } from './admit.ts';
import { connectorsOf, type Millrace } from './handles.ts';

export interface MillraceOptions {
  /** Temporal's gRPC frontend, host:port, or a client that is there already and stays its owner's. Default 127.0.0.1:7233. */
  readonly temporal?: string | Client;
  /** `group.id` of the workers. Default connect-cluster, as theirs. */
  readonly cluster?: string;
  /** Temporal namespace, where an address is given. Default: default. */
  readonly namespace?: string;
  /** `temporal.task.queue` of the workers, where they have one. Default: millrace-<cluster>. */
  readonly taskQueue?: string;
  /** For Temporal Cloud; goes with TLS. */
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
  const { client, address, close } = await clientOf(options);
  const deps: Omit<ControlDeps, 'prepare'> = {
    client,
    address,
    cluster,
    taskQueue,
    // What no worker holds just now waits here.
    workerId: taskQueue,
    // Secrets are kept apart by the workers; those of a connector that is deleted are removed there.
    forget: async () => undefined,
    reveal: async (_connector, config) => config,
  };
  const connectors = connectorsOf(type => temporalControl({ ...deps, prepare: preparedFor(type) }));
  return { connectors, close, [Symbol.asyncDispose]: close };
}

async function clientOf({ temporal = ADDRESS, namespace = 'default', apiKey, tls }: MillraceOptions) {
  if (typeof temporal !== 'string')
    return { client: temporal, address: "its client's address", close: async () => undefined };
  const connection = await Connection.connect({
    address: temporal,
    connectTimeout: CONNECT_MS,
    ...(tls === true || apiKey !== undefined ? { tls: true } : {}),
    ...(apiKey === undefined ? {} : { apiKey }),
  }).catch((error: unknown) => {
    const sentence = `Temporal at ${temporal} cannot be reached (${messageOf(error)}): is the address right?`;
    throw new MillraceError('TEMPORAL_UNAVAILABLE', sentence, { cause: error });
  });
  const client = new Client({ connection, namespace });
  return { client, address: temporal, close: () => connection.close() };
}

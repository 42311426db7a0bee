import { join } from 'node:path';
import { MillraceError } from '../errors.ts';
import { findCompose } from './containers/compose.ts';
import { startersInContainers } from './containers/containers.ts';
import { connectExternal, type ExternalServers, externalServersFromEnvironment } from './external-servers.ts';
import { locateNative } from './servers/native.ts';
import {
  type Log,
  type ManagedServer,
  type ServerOf,
  type ServiceName,
  type Starters,
  type StartOptions,
  silent,
  type TemporalOptions,
} from './types.ts';

export type { Log, ManagedServer, Server, ServerOf, ServiceName, StartOptions } from './types.ts';
export type { TemporalOptions };

/** Servers that Millrace itself needs. The others are for connectors and are started on request. */
export const serviceNames = ['temporal', 'kafka', 'postgres'] as const satisfies readonly ServiceName[];
type DefaultService = (typeof serviceNames)[number];
export const allServiceNames: readonly ServiceName[] = [...serviceNames, 'elasticsearch', 'mariadb'];

export interface StackOptions<S extends ServiceName> {
  /** Default: `serviceNames`. */
  readonly services?: readonly S[];
  /** Folder of the servers' data, which stays after `stop`. Default: temporary folders, removed by `stop`. */
  readonly dataDir?: string;
  /** Servers that run already. Default: those that the environment sets. */
  readonly external?: ExternalServers;
  readonly ports?: { readonly [K in ServiceName | 'temporalUi']?: number };
  readonly log?: Log;
}

export type Stack<S extends ServiceName = ServiceName> = { readonly [K in S]: ServerOf[K] } & AsyncDisposable & {
    stop(): Promise<void>;
  };

/**
 * Starts the servers concurrently, except those at an external address: in a container, else as a program of this machine,
 * which is downloaded into the cache folder when it is not installed. Servers end with `stop` and with this process, also
 * after kill -9. STACK_UNAVAILABLE lists everything that is missing and the commands that install it.
 */
export async function startStack<S extends ServiceName = DefaultService>(
  options: StackOptions<S> = {},
): Promise<Stack<S>> {
  const {
    services = serviceNames as readonly ServiceName[] as readonly S[],
    external = externalServersFromEnvironment(),
    log = silent,
  } = options;
  const { dataDir, ports = {} } = options;
  const starters = await locateAll(services.filter(service => external[service] === undefined));
  const started = await startAllOrNone(
    services.map((service): Promise<ServerOf[ServiceName]> => {
      const address = external[service];
      if (address !== undefined) return connectExternal[service](address, log);
      const port = ports[service];
      return starters[service]({
        log,
        ...(port === undefined ? {} : { port }),
        ...(ports.temporalUi === undefined ? {} : { uiPort: ports.temporalUi }),
        ...(dataDir === undefined ? {} : { dataDir: join(dataDir, service) }),
      });
    }),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(server => server.stop()));
  };
  const servers = Object.fromEntries(started.map(server => [server.service, server]));
  return { ...servers, stop, [Symbol.asyncDispose]: stop } as unknown as Stack<S>;
}

/** Starts a Kafka that the caller may kill and restart. */
export async function startKafka(options: StartOptions = {}): Promise<ServerOf['kafka'] & ManagedServer> {
  return (await locateAll(['kafka'])).kafka(options);
}

/** Starts a PostgreSQL that the caller may kill and restart. */
export async function startPostgres(options: StartOptions = {}): Promise<ServerOf['postgres'] & ManagedServer> {
  return (await locateAll(['postgres'])).postgres(options);
}

/** Starts a Temporal that the caller may kill and restart. */
export async function startTemporal(options: TemporalOptions = {}): Promise<ServerOf['temporal'] & ManagedServer> {
  return (await locateAll(['temporal'])).temporal(options);
}

/** Starts an Elasticsearch that the caller may kill and restart. */
export async function startElasticsearch(
  options: StartOptions = {},
): Promise<ServerOf['elasticsearch'] & ManagedServer> {
  return (await locateAll(['elasticsearch'])).elasticsearch(options);
}

/** Starts a MariaDB that the caller may kill and restart. */
export async function startMariadb(options: StartOptions = {}): Promise<ServerOf['mariadb'] & ManagedServer> {
  return (await locateAll(['mariadb'])).mariadb(options);
}

/** Returns a starter for each service. STACK_UNAVAILABLE lists everything that is missing. */
async function locateAll<S extends ServiceName>(services: readonly S[]): Promise<Pick<Starters, S>> {
  const compose = services.length > 0 ? await findCompose() : undefined;
  if (compose) return startersInContainers(compose);
  const located = await Promise.all(services.map(async service => [service, await locateNative[service]()] as const));
  const missing = located.filter(([, starter]) => typeof starter === 'string');
  if (missing.length > 0) {
    const lines = missing.map(([service, sentence]) => `  ${service}: ${sentence as string}`);
    throw new MillraceError(
      'STACK_UNAVAILABLE',
      `servers are missing on this machine, and no container engine answers:\n${lines.join('\n')}\n` +
        'Or start a container engine (docker info), or set the addresses of running servers: MILLRACE_TEMPORAL_ADDRESS=host:port, ' +
        'MILLRACE_KAFKA=host:port, MILLRACE_POSTGRES=postgres://user:password@host:port/postgres, ' +
        'MILLRACE_ELASTICSEARCH=host:port, MILLRACE_MARIADB=mysql://user:password@host:port',
    );
  }
  return Object.fromEntries(located) as Pick<Starters, S>;
}

async function startAllOrNone<T extends AsyncDisposable>(starting: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(starting);
  const failed = outcomes.filter(outcome => outcome.status === 'rejected');
  const started = outcomes.filter(outcome => outcome.status === 'fulfilled').map(outcome => outcome.value);
  if (failed[0] === undefined) return started;
  await Promise.all(started.map(server => server[Symbol.asyncDispose]()));
  throw failed[0].reason;
}

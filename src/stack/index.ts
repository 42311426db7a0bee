import { join } from 'node:path';
import { MillraceError } from '../errors.ts';
import { findCompose } from './containers/compose.ts';
import { startersInContainers } from './containers/containers.ts';
import { foundServer, type Given, givenInEnvironment } from './external-servers.ts';
import { locateNative } from './servers/native.ts';
import {
  ignore,
  type Log,
  type OwnServer,
  type ServerOf,
  type ServiceName,
  type Starters,
  type StartOptions,
  type TemporalOptions,
} from './types.ts';

export type { Log, OwnServer, Server, ServerOf, ServiceName, StartOptions } from './types.ts';
export type { Given, TemporalOptions };

/** What Millrace itself works with; the others are for connectors, and start where they are asked for. */
export const serviceNames = ['temporal', 'kafka', 'postgres'] as const satisfies readonly ServiceName[];
type DefaultService = (typeof serviceNames)[number];
export const allServiceNames: readonly ServiceName[] = [...serviceNames, 'elasticsearch', 'mariadb'];

export interface StackOptions<S extends ServiceName> {
  /** Those of `serviceNames` when not given. */
  readonly services?: readonly S[];
  /** Holds the servers' data, a folder each, and keeps it after `stop`; temporary folders when not given. */
  readonly dataDir?: string;
  /** Servers that run already; what the environment names when not given. */
  readonly given?: Given;
  readonly ports?: { readonly [K in ServiceName | 'temporalUi']?: number };
  readonly log?: Log;
}

export type Stack<S extends ServiceName = ServiceName> = { readonly [K in S]: ServerOf[K] } & AsyncDisposable & {
    stop(): Promise<void>;
  };

/**
 * Finds or starts each server, all at once: at an address given, else in a container, else as a program of this machine,
 * which is fetched into the cache folder when it is not installed. What was started ends with `stop`, and with this
 * process, however that ends. STACK_UNAVAILABLE names everything that is missing, and the commands that get it.
 */
export async function startStack<S extends ServiceName = DefaultService>(
  options: StackOptions<S> = {},
): Promise<Stack<S>> {
  const {
    services = serviceNames as readonly ServiceName[] as readonly S[],
    given = givenInEnvironment(),
    log = ignore,
  } = options;
  const { dataDir, ports = {} } = options;
  const wanted = services.filter(service => given[service] === undefined);
  const starters = await locateAll(wanted);
  const started = await allOrNone(
    services.map((service): Promise<ServerOf[ServiceName]> => {
      const where = given[service];
      if (where !== undefined) return foundServer[service](where, log);
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

/** Starts a Kafka of one's own, which may be killed and restarted. */
export async function startKafka(options: StartOptions = {}): Promise<ServerOf['kafka'] & OwnServer> {
  return (await locateAll(['kafka'])).kafka(options);
}

/** Starts a PostgreSQL of one's own, which may be killed and restarted. */
export async function startPostgres(options: StartOptions = {}): Promise<ServerOf['postgres'] & OwnServer> {
  return (await locateAll(['postgres'])).postgres(options);
}

/** Starts a Temporal of one's own, which may be killed and restarted. */
export async function startTemporal(options: TemporalOptions = {}): Promise<ServerOf['temporal'] & OwnServer> {
  return (await locateAll(['temporal'])).temporal(options);
}

/** Starts an Elasticsearch of one's own, which may be killed and restarted. */
export async function startElasticsearch(options: StartOptions = {}): Promise<ServerOf['elasticsearch'] & OwnServer> {
  return (await locateAll(['elasticsearch'])).elasticsearch(options);
}

/** Starts a MariaDB of one's own, which may be killed and restarted. */
export async function startMariadb(options: StartOptions = {}): Promise<ServerOf['mariadb'] & OwnServer> {
  return (await locateAll(['mariadb'])).mariadb(options);
}

/** How each is started here; STACK_UNAVAILABLE names what is missing of all of them. */
async function locateAll<S extends ServiceName>(services: readonly S[]): Promise<Pick<Starters, S>> {
  const compose = services.length > 0 ? await findCompose() : undefined;
  if (compose) return startersInContainers(compose);
  const found = await Promise.all(services.map(async service => [service, await locateNative[service]()] as const));
  const missing = found.filter(([, starter]) => typeof starter === 'string');
  if (missing.length > 0) {
    const lines = missing.map(([service, sentence]) => `  ${service}: ${sentence as string}`);
    throw new MillraceError(
      'STACK_UNAVAILABLE',
      `servers are missing on this machine, and no container engine answers:\n${lines.join('\n')}\n` +
        'Or start a container engine (docker info), or name servers that run: MILLRACE_TEMPORAL_ADDRESS=host:port, ' +
        'MILLRACE_KAFKA=host:port, MILLRACE_POSTGRES=postgres://user:password@host:port/postgres, ' +
        'MILLRACE_ELASTICSEARCH=host:port, MILLRACE_MARIADB=mysql://user:password@host:port',
    );
  }
  return Object.fromEntries(found) as Pick<Starters, S>;
}

async function allOrNone<T extends AsyncDisposable>(starting: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(starting);
  const failed = outcomes.filter(outcome => outcome.status === 'rejected');
  const started = outcomes.filter(outcome => outcome.status === 'fulfilled').map(outcome => outcome.value);
  if (failed[0] === undefined) return started;
  await Promise.all(started.map(server => server[Symbol.asyncDispose]()));
  throw failed[0].reason;
}

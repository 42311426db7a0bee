import { MillraceError } from '../errors.ts';
import { isElasticsearchReady, isListening, isMariadbReady, readWalLevel } from './process/probe.ts';
import { parseMariadbUrl } from './servers/mariadb-url.ts';
import { parsePostgresUrl } from './servers/postgres-url.ts';
import type { Log, Server, ServerOf, ServiceName } from './types.ts';

/** Addresses of servers that run already; the stack connects to them and starts none. */
export interface ExternalServers {
  /** host:port */
  readonly kafka?: string;
  /** postgres://user:password@host:port/database */
  readonly postgres?: string;
  /** host:port of the gRPC frontend */
  readonly temporal?: string;
  /** host:port or a URL */
  readonly elasticsearch?: string;
  /** mysql://user:password@host:port */
  readonly mariadb?: string;
}

/** Reads the addresses from MILLRACE_KAFKA, MILLRACE_POSTGRES, MILLRACE_TEMPORAL_ADDRESS and so on. */
export function externalServersFromEnvironment(environment: NodeJS.ProcessEnv = process.env): ExternalServers {
  const { MILLRACE_KAFKA: kafka, MILLRACE_POSTGRES: postgres, MILLRACE_TEMPORAL_ADDRESS: temporal } = environment;
  const { MILLRACE_ELASTICSEARCH: elasticsearch, MILLRACE_MARIADB: mariadb } = environment;
  return {
    ...(kafka ? { kafka } : {}),
    ...(postgres ? { postgres } : {}),
    ...(temporal ? { temporal } : {}),
    ...(elasticsearch ? { elasticsearch } : {}),
    ...(mariadb ? { mariadb } : {}),
  };
}

type ConnectExternal<K extends ServiceName> = (address: string, log: Log) => Promise<ServerOf[K]>;

/** Describes the server at an address or URL. STACK_UNAVAILABLE when no server answers there. */
export const connectExternal: { readonly [K in ServiceName]: ConnectExternal<K> } = {
  async kafka(address) {
    await requireReady('Kafka', address, isListening(address));
    return describeExternal('kafka', address, 'Kafka');
  },
  async elasticsearch(addressOrUrl) {
    const address = addressOrUrl.replace(/^http:\/\/|\/$/g, '');
    await requireReady('Elasticsearch', address, isElasticsearchReady(address));
    return { ...describeExternal('elasticsearch', address, 'Elasticsearch'), url: `http://${address}` };
  },
  async mariadb(url) {
    const location = parseMariadbUrl(url);
    await requireReady('MariaDB', location.address, isMariadbReady(location.url));
    return { ...describeExternal('mariadb', location.address, 'MariaDB'), ...location };
  },
  async temporal(address) {
    await requireReady('Temporal', address, isListening(address));
    return { ...describeExternal('temporal', address, 'Temporal'), ui: undefined };
  },
  async postgres(url, log) {
    const location = parsePostgresUrl(url);
    const walLevel = await readWalLevel(location.url);
    await requireReady('PostgreSQL', location.address, Promise.resolve(walLevel !== undefined));
    if (walLevel !== 'logical')
      log(`postgres: wal_level is ${walLevel}; set it to logical for a source and restart the server`);
    return { ...describeExternal('postgres', location.address, 'PostgreSQL'), ...location };
  },
};

function describeExternal<K extends ServiceName>(
  service: K,
  address: string,
  version: string,
): Server & { readonly service: K } {
  const stop = async (): Promise<void> => undefined;
  return { service, origin: 'environment', address, version, pid: undefined, stop, [Symbol.asyncDispose]: stop };
}

async function requireReady(name: string, address: string, ready: Promise<boolean>): Promise<void> {
  if (await ready) return;
  throw new MillraceError(
    'STACK_UNAVAILABLE',
    `${name} does not answer at ${address}, the address that the environment sets; start it there, or unset the variable`,
  );
}

import { MillraceError } from '../errors.ts';
import { elasticsearchAnswers, listens, mariadbAnswers, postgresAnswers } from './process/probe.ts';
import { mariadbAt } from './servers/mariadb-url.ts';
import { postgresAt } from './servers/postgres-url.ts';
import type { Log, Server, ServerOf, ServiceName } from './types.ts';

/** Addresses that somebody gave: nothing is started for these. */
export interface Given {
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

export function givenInEnvironment(environment: NodeJS.ProcessEnv = process.env): Given {
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

type Found<K extends ServiceName> = (where: string, log: Log) => Promise<ServerOf[K]>;

/** Answers the server at a given address. STACK_UNAVAILABLE when nothing answers there. */
export const foundServer: { readonly [K in ServiceName]: Found<K> } = {
  async kafka(address) {
    await mustAnswer('Kafka', address, listens(address));
    return found('kafka', address, 'Kafka');
  },
  async elasticsearch(where) {
    const address = where.replace(/^http:\/\/|\/$/g, '');
    await mustAnswer('Elasticsearch', address, elasticsearchAnswers(address));
    return { ...found('elasticsearch', address, 'Elasticsearch'), url: `http://${address}` };
  },
  async mariadb(url) {
    const where = mariadbAt(url);
    await mustAnswer('MariaDB', where.address, mariadbAnswers(where.url));
    return { ...found('mariadb', where.address, 'MariaDB'), ...where };
  },
  async temporal(address) {
    await mustAnswer('Temporal', address, listens(address));
    return { ...found('temporal', address, 'Temporal'), ui: undefined };
  },
  async postgres(url, log) {
    const where = postgresAt(url);
    const walLevel = await postgresAnswers(where.url);
    await mustAnswer('PostgreSQL', where.address, Promise.resolve(walLevel !== undefined));
    if (walLevel !== 'logical') log(`postgres: its wal_level is ${walLevel}; a source needs 'logical', and a restart`);
    return { ...found('postgres', where.address, 'PostgreSQL'), ...where };
  },
};

function found<K extends ServiceName>(service: K, address: string, version: string): Server & { readonly service: K } {
  const stop = async (): Promise<void> => undefined;
  return { service, origin: 'environment', address, version, pid: undefined, stop, [Symbol.asyncDispose]: stop };
}

async function mustAnswer(name: string, address: string, answers: Promise<boolean>): Promise<void> {
  if (await answers) return;
  throw new MillraceError(
    'STACK_UNAVAILABLE',
    `${name} does not answer at ${address}, which the environment names; start it there, or unset the variable`,
  );
}

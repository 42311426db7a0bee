import { createHash } from 'node:crypto';
import { ownServer } from '../managed-server.ts';
import { freePort } from '../process/ports.ts';
import {
  elasticsearchAnswers,
  kafkaAnswers,
  mariadbAnswers,
  postgresAnswers,
  temporalAnswers,
} from '../process/probe.ts';
import { mariadbAt } from '../servers/mariadb-url.ts';
import { ownPostgresUrl, postgresAt } from '../servers/postgres-url.ts';
import { searchAttributeNames } from '../servers/temporal.ts';
import { ignore, type ServiceName, type Starters, type StartOptions } from '../types.ts';
import { type ComposeCommand, ComposeService } from './compose.ts';

/** Starts each as a container of docker-compose.yml. */
export function startersInContainers(compose: ComposeCommand): Starters {
  const serviceOf = (
    service: ServiceName | 'mysql',
    ports: Record<string, number>,
    { dataDir, log = ignore }: StartOptions,
  ) => {
    log(`${service}: starting a container; its image is fetched the first time`);
    const project = dataDir === undefined ? {} : { project: projectOf(dataDir) };
    return (answers: () => Promise<boolean>) => new ComposeService({ compose, service, ports, answers, ...project });
  };
  return {
    async elasticsearch(options) {
      const port = options.port ?? (await freePort());
      const address = `127.0.0.1:${port}`;
      const ports = { MILLRACE_ELASTICSEARCH_PORT: port };
      const container = serviceOf('elasticsearch', ports, options)(() => elasticsearchAnswers(address));
      await container.start();
      const facts = { address, url: `http://${address}`, version: 'Elasticsearch' };
      return ownServer({ service: 'elasticsearch', origin: 'container', ...facts }, container);
    },
    async kafka(options) {
      const port = options.port ?? (await freePort());
      const address = `127.0.0.1:${port}`;
      const container = serviceOf('kafka', { MILLRACE_KAFKA_PORT: port }, options)(() => kafkaAnswers(address));
      await container.start();
      return ownServer({ service: 'kafka', origin: 'container', address, version: 'Kafka' }, container);
    },
    async mariadb(options) {
      const port = options.port ?? (await freePort());
      const where = mariadbAt(`mysql://root:mysql@127.0.0.1:${port}`);
      const container = serviceOf('mysql', { MILLRACE_MYSQL_PORT: port }, options)(() => mariadbAnswers(where.url));
      await container.start();
      return ownServer({ service: 'mariadb', origin: 'container', version: 'MySQL', ...where }, container);
    },
    async postgres(options) {
      const port = options.port ?? (await freePort());
      const where = postgresAt(ownPostgresUrl(port));
      const answers = async () => (await postgresAnswers(where.url)) !== undefined;
      const container = serviceOf('postgres', { MILLRACE_POSTGRES_PORT: port }, options)(answers);
      await container.start();
      return ownServer({ service: 'postgres', origin: 'container', version: 'PostgreSQL', ...where }, container);
    },
    async temporal(options) {
      const port = options.port ?? (await freePort());
      const uiPort = options.uiPort ?? (await freePort());
      const address = `127.0.0.1:${port}`;
      const ports = { MILLRACE_TEMPORAL_PORT: port, MILLRACE_TEMPORAL_UI_PORT: uiPort };
      const container = serviceOf('temporal', ports, options)(() => temporalAnswers(address, searchAttributeNames));
      await container.start();
      const ui = `http://127.0.0.1:${uiPort}`;
      return ownServer({ service: 'temporal', origin: 'container', address, version: 'Temporal', ui }, container);
    },
  };
}

/** The volumes of a project stay, and come back with its name. */
function projectOf(dataDir: string): string {
  return `millrace-${createHash('sha256').update(dataDir).digest('hex').slice(0, 8)}`;
}

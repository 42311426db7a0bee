import { createHash } from 'node:crypto';
import { managedServer } from '../managed-server.ts';
import { freePort } from '../process/ports.ts';
import { isElasticsearchReady, isKafkaReady, isMariadbReady, isTemporalReady, readWalLevel } from '../process/probe.ts';
import { parseMariadbUrl } from '../servers/mariadb-url.ts';
import { managedPostgresUrl, parsePostgresUrl } from '../servers/postgres-url.ts';
import { searchAttributeNames } from '../servers/temporal.ts';
import { type ServiceName, type Starters, type StartOptions, silent } from '../types.ts';
import { type ComposeCommand, ComposeService } from './compose.ts';

/** Starters that run each service as a container of docker-compose.yml. */
export function startersInContainers(compose: ComposeCommand): Starters {
  const serviceOf = (
    service: ServiceName | 'mysql',
    ports: Record<string, number>,
    { dataDir, log = silent }: StartOptions,
  ) => {
    log(`${service}: starting a container; its image is downloaded the first time`);
    const project = dataDir === undefined ? {} : { project: projectOf(dataDir) };
    return (isReady: () => Promise<boolean>) => new ComposeService({ compose, service, ports, isReady, ...project });
  };
  return {
    async elasticsearch(options) {
      const port = options.port ?? (await freePort());
      const address = `127.0.0.1:${port}`;
      const ports = { MILLRACE_ELASTICSEARCH_PORT: port };
      const container = serviceOf('elasticsearch', ports, options)(() => isElasticsearchReady(address));
      await container.start();
      const description = { address, url: `http://${address}`, version: 'Elasticsearch' };
      return managedServer({ service: 'elasticsearch', origin: 'container', ...description }, container);
    },
    async kafka(options) {
      const port = options.port ?? (await freePort());
      const address = `127.0.0.1:${port}`;
      const container = serviceOf('kafka', { MILLRACE_KAFKA_PORT: port }, options)(() => isKafkaReady(address));
      await container.start();
      return managedServer({ service: 'kafka', origin: 'container', address, version: 'Kafka' }, container);
    },
    async mariadb(options) {
      const port = options.port ?? (await freePort());
      const location = parseMariadbUrl(`mysql://root:mysql@127.0.0.1:${port}`);
      const container = serviceOf('mysql', { MILLRACE_MYSQL_PORT: port }, options)(() => isMariadbReady(location.url));
      await container.start();
      return managedServer({ service: 'mariadb', origin: 'container', version: 'MySQL', ...location }, container);
    },
    async postgres(options) {
      const port = options.port ?? (await freePort());
      const location = parsePostgresUrl(managedPostgresUrl(port));
      const isReady = async () => (await readWalLevel(location.url)) !== undefined;
      const container = serviceOf('postgres', { MILLRACE_POSTGRES_PORT: port }, options)(isReady);
      await container.start();
      return managedServer({ service: 'postgres', origin: 'container', version: 'PostgreSQL', ...location }, container);
    },
    async temporal(options) {
      const port = options.port ?? (await freePort());
      const uiPort = options.uiPort ?? (await freePort());
      const address = `127.0.0.1:${port}`;
      const ports = { MILLRACE_TEMPORAL_PORT: port, MILLRACE_TEMPORAL_UI_PORT: uiPort };
      const container = serviceOf('temporal', ports, options)(() => isTemporalReady(address, searchAttributeNames));
      await container.start();
      const ui = `http://127.0.0.1:${uiPort}`;
      return managedServer({ service: 'temporal', origin: 'container', address, version: 'Temporal', ui }, container);
    },
  };
}

/** Project name of a data folder: the same folder finds the same volumes again. */
function projectOf(dataDir: string): string {
  return `millrace-${createHash('sha256').update(dataDir).digest('hex').slice(0, 8)}`;
}

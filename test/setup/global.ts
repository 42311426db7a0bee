import { readFile } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { type ServiceName, startStack } from '../../src/stack/index.ts';
import { type Servers, serversInEnvironment } from './addresses.ts';

/**
 * Provides the servers that `servers()` of test/support returns. External servers come from the environment; the others
 * are started: Kafka, PostgreSQL and Temporal when any test file needs one of them, the servers of connectors when a
 * test file uses them. They stop after the run.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  process.stderr.write(`MILLRACE_SEED=${process.env['MILLRACE_SEED']}\n`);
  const external = serversInEnvironment();
  const needed = await requiredServices(project.vitest.state.getPaths());
  const services = needed.filter(service => external[service] === undefined);
  if (services.length === 0) {
    project.provide('stack', external);
    return undefined;
  }
  const began = performance.now();
  const stack = await startStack<ServiceName>({
    services,
    external: {},
    log: line => process.stderr.write(`${line}\n`),
  });
  process.stderr.write(`test servers started in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  const started: typeof external = {
    ...(services.includes('kafka') ? { kafka: stack.kafka.address } : {}),
    ...(services.includes('temporal') ? { temporal: stack.temporal.address } : {}),
    ...(services.includes('postgres') ? { postgres: loginOf(stack.postgres) } : {}),
    ...(services.includes('elasticsearch') ? { elasticsearch: stack.elasticsearch.url } : {}),
    ...(services.includes('mariadb') ? { mariadb: loginOf(stack.mariadb) } : {}),
  };
  project.provide('stack', { ...external, ...started });
  return () => stack.stop();
}

const loginOf = ({ host, port, user, password }: Servers['postgres']): Servers['postgres'] => ({
  host,
  port,
  user,
  password,
});

/** Services of connectors, by the import of the test/support file that returns their address. */
const connectorServers = {
  elasticsearch: /\/support\/elasticsearch\.ts'/,
  mariadb: /\/support\/mariadb\.ts'/,
} as const;

/** Services that these test files use through test/support or `inject`. */
async function requiredServices(files: readonly string[]): Promise<ServiceName[]> {
  const sources = await Promise.all(files.map(file => readFile(file, 'utf8')));
  const connectorPatterns = Object.values(connectorServers);
  const remainder = sources.map(source =>
    connectorPatterns.reduce((text, pattern) => text.replaceAll(new RegExp(pattern, 'g'), ''), source),
  );
  // The generator's arbitraries need no server; only its index does.
  const usesCoreServers = remainder.some(source =>
    /\/support\/(?!generate\/(?!index))|\binject\('stack'\)/.test(source),
  );
  const connectors = Object.entries(connectorServers).filter(([, pattern]) =>
    sources.some(source => pattern.test(source)),
  );
  return [
    ...(usesCoreServers ? (['kafka', 'postgres', 'temporal'] as const) : []),
    ...connectors.map(([service]) => service as keyof typeof connectorServers),
  ];
}

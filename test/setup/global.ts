import { readFile } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { type ServiceName, startStack } from '../../src/stack/index.ts';
import { type Servers, serversInEnvironment } from './addresses.ts';

/**
 * Gives the tests their servers, which `servers()` of test/support hands out: those that the environment names, and its
 * own Kafka, PostgreSQL and Temporal for the rest. They end with the run. A run of files that need none starts none.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = serversInEnvironment();
  const services = (['kafka', 'postgres', 'temporal'] as const).filter(service => given[service] === undefined);
  if (services.length === 0 || !(await needServers(project.vitest.state.getPaths()))) {
    project.provide('stack', given);
    return undefined;
  }
  const began = performance.now();
  const stack = await startStack<ServiceName>({ services, given: {}, log: line => process.stderr.write(`${line}\n`) });
  process.stderr.write(`servers for the tests: up in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  const started: Partial<Servers> = {
    ...(services.includes('kafka') ? { kafka: stack.kafka.address } : {}),
    ...(services.includes('temporal') ? { temporal: stack.temporal.address } : {}),
    ...(services.includes('postgres') ? { postgres: postgresOf(stack.postgres) } : {}),
  };
  project.provide('stack', { ...given, ...started });
  return () => stack.stop();
}

const postgresOf = ({ host, port, user, password }: Servers['postgres']): Servers['postgres'] => ({
  host,
  port,
  user,
  password,
});

/** Whether one of these test files can get at a server: through test/support, where `servers()` is, or by `inject`. */
async function needServers(files: readonly string[]): Promise<boolean> {
  const sources = await Promise.all(files.map(file => readFile(file, 'utf8')));
  return sources.some(source => /\/support\/|\binject\(/.test(source));
}

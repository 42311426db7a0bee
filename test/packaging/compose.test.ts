import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageFolder } from '../../src/package-folder.ts';
import { findProgram, succeeds } from '../../src/stack/process/commands.ts';
import { searchAttributeNames } from '../../src/stack/servers/temporal.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

const file = join(packageFolder(), 'docker-compose.yml');
const { services, volumes } = parse(await readFile(file, 'utf8')) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const command = await composeCommand();

test.runIf(command)('Docker Compose accepts the file', async () => {
  const [program = '', ...args] = command ?? [];
  const { stdout } = await promisify(execFile)(program, [...args, '-f', file, 'config']);
  expect(Object.keys((parse(stdout) as { services: object }).services).sort()).toEqual(Object.keys(services).sort());
});

test('it contains all services that Millrace works with', () => {
  expect(Object.keys(services).sort()).toEqual(
    ['elasticsearch', 'kafka', 'millrace', 'mysql', 'postgres', 'schema-registry', 'temporal'].sort(),
  );
});

describe.each(Object.entries(services))('%s', (_, service) => {
  test('publishes its ports only on 127.0.0.1, each configurable through the environment', () => {
    expect(service.ports?.length).toBeGreaterThan(0);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\$\{MILLRACE_[A-Z_]+:-\d+\}:\d+$/);
  });

  test('has a health check', () => {
    expect(service.healthcheck?.test[0]).toBe('CMD');
  });

  test('has a pinned version or is built here', () => {
    if (service.build === undefined) expect(service.image).toMatch(/^[\w/-]+:\d+(\.\d+)*$/);
  });

  test('uses existing volumes and services, and keys that older versions of Docker Compose support', () => {
    for (const volume of service.volumes ?? []) {
      const [name = ''] = volume.split(':');
      if (!name.startsWith('.')) expect(volumes).toHaveProperty(name);
    }
    for (const another of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty(another);
    const supportedKeys = ['image', 'build', 'command', 'environment', 'ports', 'volumes', 'depends_on', 'healthcheck'];
    const rest = Object.keys(service).filter(key => !supportedKeys.includes(key));
    expect(rest.filter(key => key !== 'restart' && key !== 'stop_grace_period')).toEqual([]);
  });
});

test('the REST API listens on all interfaces in a container, because its loopback address cannot be published', async () => {
  const read = (name: string) => readFile(join(packageFolder(), name), 'utf8');
  expect(await read('docker/worker.properties')).toMatch(/^listeners=http:\/\/0\.0\.0\.0:8083$/m);
  expect(await read('Dockerfile')).toMatch(/^CMD \["worker", "--set", "listeners=http:\/\/0\.0\.0\.0:8083"\]$/m);
});

test('Temporal has the search attributes that workflows set', () => {
  const flags = services.temporal?.command?.filter(flag => flag.startsWith('--search-attribute'));
  expect(flags?.sort()).toEqual(searchAttributeNames.map(name => `--search-attribute=${name}=Keyword`).sort());
});

test('PostgreSQL decodes logically, and MySQL logs whole rows', () => {
  expect(services.postgres?.command).toContain('wal_level=logical');
  expect(services.mysql?.command).toEqual(
    expect.arrayContaining(['--binlog-format=ROW', '--binlog-row-image=FULL', '--binlog-row-metadata=FULL']),
  );
});

/** Runs without a container engine, because `config` only reads the file. */
async function composeCommand(): Promise<string[] | undefined> {
  const docker = await findProgram('docker');
  if (docker && (await succeeds(docker, ['compose', 'version']))) return [docker, 'compose'];
  const standalone = await findProgram('docker-compose');
  return standalone === undefined ? undefined : [standalone];
}

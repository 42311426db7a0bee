import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { packageFolder } from '../../../src/package-folder.ts';
import { findCompose } from '../../../src/stack/containers/compose.ts';
import { startersInContainers } from '../../../src/stack/containers/containers.ts';
import { servers } from '../../support/servers.ts';

// No container engine runs where these tests do. What can be held without one is what is said to it: `docker` here is a
// program that writes down how it was called, and the server behind the port is the tests' own.
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-test-docker-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('which Docker Compose', () => {
  test('docker compose, where an engine answers', async () => {
    const docker = await program('docker', 'exit 0');
    vi.stubEnv('PATH', folder);
    expect(await findCompose()).toEqual([docker, 'compose']);
  });

  test('docker-compose, where docker has no such plugin', async () => {
    await program('docker', '[ "$1" != compose ]');
    const standalone = await program('docker-compose', 'exit 0');
    vi.stubEnv('PATH', folder);
    expect(await findCompose()).toEqual([standalone]);
  });

  test('none, where no engine answers', async () => {
    await program('docker', '[ "$1" != info ]');
    await program('docker-compose', 'exit 0');
    vi.stubEnv('PATH', folder);
    expect(await findCompose()).toBeUndefined();
  });

  test('none, where programs of this machine are wanted', async () => {
    await program('docker', 'exit 0');
    vi.stubEnv('PATH', folder);
    vi.stubEnv('MILLRACE_STACK', 'native');
    expect(await findCompose()).toBeUndefined();
  });
});

describe('a server in a container', () => {
  test('one service in a project of its own, on the port asked for, and gone with its volumes', async () => {
    const docker = await recorder();
    const port = Number(servers().kafka.split(':')[1]);
    const kafka = await startersInContainers([docker, 'compose']).kafka({ port });
    expect(kafka).toMatchObject({ origin: 'container', address: `127.0.0.1:${port}`, pid: undefined });
    await kafka.kill9();
    await kafka.restart();
    await kafka.stopProcess();
    await kafka.cont();
    await kafka.stop();
    const calls = await called();
    const project = /-p (millrace-[0-9a-f]{8}) /.exec(calls[0] ?? '')?.[1];
    const compose = `compose -p ${project} -f ${join(packageFolder(), 'docker-compose.yml')}`;
    expect(calls).toEqual([
      `${compose} up -d kafka [${port}]`,
      `${compose} kill -s SIGKILL kafka [${port}]`,
      `${compose} restart kafka [${port}]`,
      `${compose} pause kafka [${port}]`,
      `${compose} unpause kafka [${port}]`,
      `${compose} down -v []`,
    ]);
  });

  test('with a data folder, its volumes stay and come back', async () => {
    const docker = await recorder();
    const port = Number(servers().kafka.split(':')[1]);
    for (const _ of [1, 2]) {
      const kafka = await startersInContainers([docker, 'compose']).kafka({ port, dataDir: '/var/shop' });
      await kafka.stop();
    }
    const calls = await called();
    expect(calls[2]).toBe(calls[0]);
    expect(calls[1]).toMatch(/ down \[\]$/);
  });

  test('what cannot start says what the engine said, and is taken down', async () => {
    const docker = await program(
      'docker',
      `echo "$*" >> ${folder}/calls; case "$*" in *up*) echo no space >&2; exit 1;; esac`,
    );
    await expect(startersInContainers([docker, 'compose']).postgres({})).rejects.toThrow('no space');
    expect((await called()).at(-1)).toMatch(/ down -v$/);
  });
});

const recorder = (): Promise<string> => program('docker', `echo "$* [$MILLRACE_KAFKA_PORT]" >> ${folder}/calls`);

async function called(): Promise<string[]> {
  const file = join(folder, 'calls');
  return existsSync(file) ? (await readFile(file, 'utf8')).trim().split('\n') : [];
}

async function program(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\nPATH=${process.env.PATH?.split(delimiter).join(':')}\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

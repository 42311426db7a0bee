import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { packageFolder } from '../../../src/package-folder.ts';
import { findCompose } from '../../../src/stack/containers/compose.ts';
import { startersInContainers } from '../../../src/stack/containers/containers.ts';
import { servers } from '../../support/servers.ts';

// These tests run without a container engine. They check the calls of `docker` only: it is replaced by a script that logs
// its arguments, and the port is that of the test servers.
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-test-docker-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('detection of Docker Compose', () => {
  test('docker compose, if an engine answers', async () => {
    const docker = await createProgram('docker', 'exit 0');
    vi.stubEnv('PATH', folder);
    expect(await findCompose()).toEqual([docker, 'compose']);
  });

  test('docker-compose, if docker has no compose plugin', async () => {
    await createProgram('docker', '[ "$1" != compose ]');
    const standalone = await createProgram('docker-compose', 'exit 0');
    vi.stubEnv('PATH', folder);
    expect(await findCompose()).toEqual([standalone]);
  });

  test('none, if no engine answers', async () => {
    await createProgram('docker', '[ "$1" != info ]');
    await createProgram('docker-compose', 'exit 0');
    vi.stubEnv('PATH', folder);
    expect(await findCompose()).toBeUndefined();
  });

  test('none with MILLRACE_STACK=native', async () => {
    await createProgram('docker', 'exit 0');
    vi.stubEnv('PATH', folder);
    vi.stubEnv('MILLRACE_STACK', 'native');
    expect(await findCompose()).toBeUndefined();
  });
});

describe('a server in a container', () => {
  test('is one service in a separate project, on the given port, and is removed with its volumes', async () => {
    const docker = await createLoggingDocker();
    const port = Number(servers().kafka.split(':')[1]);
    const kafka = await startersInContainers([docker, 'compose']).kafka({ port });
    expect(kafka).toMatchObject({ origin: 'container', address: `127.0.0.1:${port}`, pid: undefined });
    await kafka.kill9();
    await kafka.restart();
    await kafka.stopProcess();
    await kafka.cont();
    await kafka.stop();
    const calls = await loggedCalls();
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

  test('keeps its volumes when it has a data folder, and uses them again', async () => {
    const docker = await createLoggingDocker();
    const port = Number(servers().kafka.split(':')[1]);
    for (const _ of [1, 2]) {
      const kafka = await startersInContainers([docker, 'compose']).kafka({ port, dataDir: '/var/shop' });
      await kafka.stop();
    }
    const calls = await loggedCalls();
    expect(calls[2]).toBe(calls[0]);
    expect(calls[1]).toMatch(/ down \[\]$/);
  });

  test('that cannot start is removed, and the error contains the output of the engine', async () => {
    const docker = await createProgram(
      'docker',
      `echo "$*" >> ${folder}/calls; case "$*" in *up*) echo no space >&2; exit 1;; esac`,
    );
    await expect(startersInContainers([docker, 'compose']).postgres({})).rejects.toThrow('no space');
    expect((await loggedCalls()).at(-1)).toMatch(/ down -v$/);
  });
});

const createLoggingDocker = (): Promise<string> =>
  createProgram('docker', `echo "$* [$MILLRACE_KAFKA_PORT]" >> ${folder}/calls`);

async function loggedCalls(): Promise<string[]> {
  const file = join(folder, 'calls');
  return existsSync(file) ? (await readFile(file, 'utf8')).trim().split('\n') : [];
}

async function createProgram(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\nPATH=${process.env.PATH?.split(delimiter).join(':')}\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

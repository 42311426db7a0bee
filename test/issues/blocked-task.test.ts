import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { freePort } from '../../src/stack/ports.ts';
import type { StatusInfo } from '../../src/temporal/control.ts';
import { eventually } from '../support/eventually.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/** Two workers, healthy connectors, and a plugin whose transform never returns or ends its thread. */
const group = uniqueName('blocked');
const text = 'org.apache.kafka.connect.storage.StringConverter';
const healthy = Array.from({ length: 3 }, (_, i) => `${group}-healthy-${i}`);
let folder: string;
let workers: WorkerProcess[];

const plugin = `
import { defineConfig, definePlugin, stringKey } from 'millrace/api';
const config = defineConfig({ how: stringKey({ doc: 'What it does with a record.' }) });
const ways: Record<string, () => void> = {
  loop: () => { for (;;); },
  backtrack: () => void /^(a+)+$/.test('a'.repeat(60) + '-'),
  exit: () => process.exit(3),
  throw: () => void setTimeout(() => { throw new Error('thrown later'); }, 1),
};
export const plugin = definePlugin({
  version: '1.0.0',
  transforms: [{
    className: 'test.Poison',
    load: () => ({ config, create: ({ how }) => ({ apply: record => { ways[how]?.(); return record; } }) }),
  }],
  sources: [{
    className: 'test.PoisonedPlan',
    load: () => ({ kind: 'source', config, plan: async ({ how }) => { ways[how]?.(); return [{}]; }, task: () => { throw new Error('never planned'); } }),
  }, {
    className: 'test.PoisonedCheck',
    load: () => ({ kind: 'source', config, validate: async ({ how }) => { ways[how]?.(); return {}; }, plan: async () => [{}], task: () => { throw new Error('never started'); } }),
  }],
});`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-blocked-'));
  await writeFile(join(folder, 'poison.ts'), plugin);
  const properties = {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'temporal.address': servers().temporal,
    'plugin.path': join(folder, 'poison.ts'),
    'key.converter': text,
    'value.converter': text,
  };
  const start = async () => startWorkerProcess(folder, await freePort(), properties);
  workers = await Promise.all([start(), start()]);
  for (const name of healthy) {
    await writeFile(join(folder, `${name}.in`), '0\n');
    await create(name, { 'connector.class': 'FileStreamSource', file: join(folder, `${name}.in`), topic: name });
    await create(`${name}-sink`, {
      'connector.class': 'FileStreamSink',
      file: join(folder, `${name}.out`),
      topics: name,
    });
  }
  for (const name of healthy) await eventually('the first line arrives', () => arrived(name, '0\n'));
});
afterAll(async () => {
  for (const worker of workers ?? []) await worker.stop();
  await rm(folder, { recursive: true, force: true });
});

const url = (path: string, worker = 0) => `${workers[worker]?.url}${path}`;
const create = (name: string, config: Record<string, string>) => call('POST', url('/connectors'), { name, config });
const statusOf = (name: string) => call<StatusInfo>('GET', url(`/connectors/${name}/status`));
const arrived = async (name: string, end: string) =>
  (await readFile(join(folder, `${name}.out`), 'utf8').catch(() => '')).endsWith(end);

/** Asks both workers again and again until it is stopped; the slowest answer in milliseconds, refused connections apart. */
function askContinually(): () => Promise<number> {
  let stopped = false;
  const slowest = workers.map(async (_, worker) => {
    let most = 0;
    while (!stopped) {
      const began = performance.now();
      await call('GET', url('/connectors', worker)).catch(() => undefined);
      most = Math.max(most, performance.now() - began);
      await delay(50);
    }
    return most;
  });
  return async () => {
    stopped = true;
    return Math.max(...(await Promise.all(slowest)));
  };
}

const poisoned = (name: string, how: string) =>
  create(name, {
    'connector.class': 'FileStreamSource',
    file: join(folder, `${healthy[0]}.in`),
    topic: name,
    transforms: 'poison',
    'transforms.poison.type': 'test.Poison',
    'transforms.poison.how': how,
  });

let line = 0;
/** Every healthy pair of connectors moves a new line; none has failed. */
async function healthyOnesMove(): Promise<void> {
  line++;
  for (const name of healthy) await appendFile(join(folder, `${name}.in`), `${line}\n`);
  for (const name of healthy) {
    await eventually(`${name} moves line ${line}`, () => arrived(name, `${line}\n`));
    for (const one of [name, `${name}-sink`]) expect((await statusOf(one)).tasks[0]?.state).toBe('RUNNING');
  }
}

const failedTask = (name: string) =>
  eventually(
    `${name} has failed`,
    async () => {
      const [task] = (await statusOf(name)).tasks;
      return task?.state === 'FAILED' ? task : undefined;
    },
    { within: 60_000 },
  );

test.each(['loop', 'backtrack', 'exit', 'throw'])(
  'a task whose code does %s on a record is FAILED with the reason; REST and the others go on',
  async how => {
    const name = `${group}-poison-${how}`;
    const stop = askContinually();
    await poisoned(name, how);
    const task = await failedTask(name);
    await healthyOnesMove();
    expect(await stop()).toBeLessThan(3000);
    expect(task.trace).toContain('TASK_QUARANTINED');
    expect(task.trace).toContain(`Task ${name}-0 stopped answering in 3 attempts in a row`);
    if (how === 'loop' || how === 'backtrack') expect(task.trace).toMatch(/It was in \w+ \(\S*poison\.ts:\d+\)/);
    await call('DELETE', url(`/connectors/${name}`));
  },
  90_000,
);

test('a connector whose plan never returns is FAILED with the reason; REST and the others go on', async () => {
  const name = `${group}-poisoned-plan`;
  const stop = askContinually();
  await create(name, { 'connector.class': 'test.PoisonedPlan', how: 'loop' });
  const status = await eventually(
    'its plan has failed',
    async () => {
      const now = await statusOf(name);
      return now.connector.state === 'FAILED' ? now : undefined;
    },
    { within: 60_000 },
  );
  await healthyOnesMove();
  expect(await stop()).toBeLessThan(3000);
  expect(status.connector.trace).toContain('TASK_QUARANTINED');
  await call('DELETE', url(`/connectors/${name}`));
}, 90_000);

test('a configuration whose check does not return is refused; REST answers, and no task is interrupted', async () => {
  const attempts = async () =>
    Promise.all(healthy.map(async name => (await statusOf(name)).tasks.map(({ attempt }) => attempt)));
  const before = await attempts();
  const stop = askContinually();
  const name = `${group}-poisoned-check`;
  const config = { 'connector.class': 'test.PoisonedCheck', how: 'loop' };
  await expect(create(name, config)).rejects.toThrow(
    /its event loop was blocked for 4 s\. It was in \w+ \(\S*poison\.ts/,
  );
  const validated = call('PUT', url('/connector-plugins/test.PoisonedCheck/config/validate'), { ...config, name });
  await expect(validated).rejects.toThrow('was not checked to its end');
  expect(await stop()).toBeLessThan(3000);
  await healthyOnesMove();
  expect(await attempts()).toEqual(before);
}, 60_000);

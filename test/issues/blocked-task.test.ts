import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../src/demo/rest.ts';
import { eventually } from '../support/eventually.ts';
import { FilePair } from '../support/file-pair.ts';
import { generator } from '../support/generate/index.ts';
import { WorkerGroup } from '../support/worker-group.ts';

/** Two workers, healthy connectors, and a plugin whose transform never returns or ends its thread. */
const draw = generator(import.meta.url);
const text = 'org.apache.kafka.connect.storage.StringConverter';

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

let group: WorkerGroup;
let healthy: readonly FilePair[];

beforeAll(async () => {
  group = await WorkerGroup.start('blocked', 0);
  const file = join(group.folder, 'poison.ts');
  await writeFile(file, plugin);
  const properties = { 'plugin.path': file, 'key.converter': text, 'value.converter': text };
  const [worker] = await Promise.all([group.add(properties), group.add(properties)]);
  await draw.otherConnectors({ url: worker.url, properties: { ...group.properties, ...properties } });
  healthy = await Promise.all(Array.from({ length: 3 }, () => FilePair.start(group, draw)));
  await healthyOnesMove();
});
afterAll(() => group?.[Symbol.asyncDispose]());

/**
 * Sends requests to both workers until it is stopped; returns milliseconds of the slowest answer, ignoring refused
 * connections.
 */
function askContinually(): () => Promise<number> {
  let stopped = false;
  const slowest = group.workers.map(async worker => {
    let most = 0;
    while (!stopped) {
      const began = performance.now();
      await group.request('GET', '', undefined, worker).catch(() => undefined);
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
  group.create(name, {
    'connector.class': 'FileStreamSource',
    file: healthy[0]?.input ?? '',
    topic: draw.topic(),
    transforms: 'poison',
    'transforms.poison.type': 'test.Poison',
    'transforms.poison.how': how,
  });

/** Copies a line through every healthy pair of connectors; checks that none has failed. */
async function healthyOnesMove(): Promise<void> {
  await Promise.all(healthy.map(pair => pair.copyLine()));
  for (const name of healthy.flatMap(({ source, sink }) => [source, sink]))
    expect((await group.status(name)).tasks[0]?.state).toBe('RUNNING');
}

const deleted = (name: string) => group.request('DELETE', `/${encodeURIComponent(name)}`);

const failedTask = (name: string) =>
  eventually(
    `${name} failed`,
    async () => {
      const [task] = (await group.status(name)).tasks;
      return task?.state === 'FAILED' ? task : undefined;
    },
    { within: 60_000 },
  );

test.each(['loop', 'backtrack', 'exit', 'throw'])(
  'a task whose code does %s on a record is FAILED with the reason; REST and other tasks continue',
  async how => {
    const name = draw.connectorName();
    const stop = askContinually();
    await poisoned(name, how);
    const task = await failedTask(name);
    await healthyOnesMove();
    expect(await stop()).toBeLessThan(3000);
    expect(task.trace).toContain('TASK_QUARANTINED');
    expect(task.trace).toContain(`Task ${name}-0 stopped answering in 3 attempts in a row`);
    if (how === 'loop' || how === 'backtrack') expect(task.trace).toMatch(/It was in \w+ \(\S*poison\.ts:\d+\)/);
    await deleted(name);
  },
  90_000,
);

test('a connector whose plan never returns is FAILED with the reason; REST and other connectors continue', async () => {
  const name = draw.connectorName();
  const stop = askContinually();
  await group.create(name, { 'connector.class': 'test.PoisonedPlan', how: 'loop' });
  const status = await eventually(
    'its plan failed',
    async () => {
      const now = await group.status(name);
      return now.connector.state === 'FAILED' ? now : undefined;
    },
    { within: 60_000 },
  );
  await healthyOnesMove();
  expect(await stop()).toBeLessThan(3000);
  expect(status.connector.trace).toContain('TASK_QUARANTINED');
  await deleted(name);
}, 90_000);

test('a configuration whose validation does not return is rejected; REST answers, and no task is interrupted', async () => {
  const attempts = async () =>
    Promise.all(healthy.map(async ({ source }) => (await group.status(source)).tasks.map(({ attempt }) => attempt)));
  const before = await attempts();
  const stop = askContinually();
  const name = draw.connectorName();
  const config = { 'connector.class': 'test.PoisonedCheck', how: 'loop' };
  await expect(group.create(name, config)).rejects.toThrow(
    /its event loop was blocked for [\d.]+ s\. It was in \w+ \(\S*poison\.ts/,
  );
  const validate = `${group.workers[0]?.url}/connector-plugins/test.PoisonedCheck/config/validate`;
  const validated = call('PUT', validate, { ...config, name });
  await expect(validated).rejects.toThrow('check of the configuration did not finish');
  expect(await stop()).toBeLessThan(3000);
  await healthyOnesMove();
  expect(await attempts()).toEqual(before);
}, 60_000);

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import type { LoggerLevel } from '../../../src/observability/loggers.ts';
import { silent } from '../../../src/observability/silent.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { eventually } from '../../support/eventually.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

/** `scope=cluster` (KIP-976) on two workers of one group, one of them with two processes, and one of another group. */
const group = uniqueName('levels');
const topic = `${group}-configs`;
let folder: string;
const workers: WorkerProcess[] = [];

const start = async (cluster: string, args: readonly string[] = []): Promise<WorkerProcess> => {
  const worker = await startWorkerProcess(
    folder,
    await freePort(),
    {
      'bootstrap.servers': servers().kafka,
      'group.id': cluster,
      'offset.storage.topic': `${group}-offsets`,
      'config.storage.topic': topic,
      'temporal.address': servers().temporal,
    },
    { args },
  );
  workers.push(worker);
  return worker;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-levels-test-'));
});
afterAll(async () => {
  await Promise.all(workers.map(worker => worker.stop()));
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: group }, silent);
  await kafka.admin.deleteTopics((await kafka.admin.topics()).filter(one => one.startsWith(group)));
  await kafka.close();
  await rm(folder, { recursive: true, force: true });
});

const set = async (worker: WorkerProcess, logger: string, level: string): Promise<number> =>
  (
    await fetch(`${worker.url}/admin/loggers/${logger}?scope=cluster`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ level }),
    })
  ).status;

/** Uses a new connection, because several processes accept connections in turn. */
async function levelOf({ url }: WorkerProcess, logger: string): Promise<LoggerLevel> {
  const [answer] = (await once(get(`${url}/admin/loggers/${logger}`, { agent: false }), 'response')) as [
    IncomingMessage,
  ];
  return (await json(answer)) as LoggerLevel;
}

const isEverywhere = (of: readonly WorkerProcess[], logger: string, level: string) =>
  eventually(`${logger} has ${level} in every process`, async () => {
    const levels = await Promise.all([...of, ...of, ...of].map(async worker => (await levelOf(worker, logger)).level));
    return levels.every(one => one === level);
  });

test('a level for the cluster reaches every process of every worker of the group, and no other group', async () => {
  const [one, two, stranger] = [
    await start(group),
    await start(group, ['--processes', '2']),
    await start(`${group}-other`),
  ];
  const before = await levelOf(one, 'rest');
  expect(before).toEqual({ level: 'INFO', last_modified: null });

  expect(await set(one, 'rest', 'debug')).toBe(204);
  await isEverywhere([one, two], 'rest', 'DEBUG');
  expect((await levelOf(two, 'rest')).last_modified).toBeGreaterThan(Date.now() - 60_000);

  expect(await set(two, 'rest', 'WARN')).toBe(204);
  await isEverywhere([one, two], 'rest', 'WARN');

  // Later, loggers below a name that no process has yet inherit its level.
  expect(await set(two, 'connector.later', 'TRACE')).toBe(204);
  await isEverywhere([one, two], 'connector.later', 'TRACE');

  expect(await set(one, 'rest', 'LOUD')).toBe(404);
  expect(await levelOf(stranger, 'rest')).toEqual({ level: 'INFO', last_modified: null });
  expect((await fetch(`${stranger.url}/admin/loggers/connector.later`)).status).toBe(404);
});

test('a worker that starts later has its own levels, and receives later changes', async () => {
  const [one, two] = workers as [WorkerProcess, WorkerProcess];
  const late = await start(group);
  expect(await levelOf(late, 'rest')).toEqual({ level: 'INFO', last_modified: null });
  expect(await set(one, 'rest', 'ERROR')).toBe(204);
  await isEverywhere([one, two, late], 'rest', 'ERROR');
});

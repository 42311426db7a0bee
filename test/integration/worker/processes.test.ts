import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../../src/temporal/control/control.ts';
import { millrace } from '../../cli/run.ts';
import { eventually } from '../../support/eventually.ts';
import { generator } from '../../support/generate/index.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

/** `millrace worker FILE --processes 2`. */
const group = uniqueName('processes');
const draw = generator(import.meta.url);
const name = draw.sinkName();
let folder: string;
let worker: WorkerProcess;

const propertiesOf = () => ({
  'bootstrap.servers': servers().kafka,
  'group.id': group,
  'offset.storage.topic': `${group}-offsets`,
  'config.storage.topic': `${group}-configs`,
  'temporal.address': servers().temporal,
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-processes-test-'));
  worker = await startWorkerProcess(folder, await freePort(), propertiesOf(), { args: ['--processes', '2'] });
});
afterAll(async () => {
  await worker?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Line {
  readonly msg: string;
  readonly process?: number;
  readonly pid: number;
}
const lines = async (): Promise<Line[]> =>
  (await readFile(join(folder, `worker-${new URL(worker.url).port}.log`), 'utf8'))
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line));

/** Process ids of the children by number, in start order. */
const starts = async (number: number): Promise<number[]> =>
  (await lines()).filter(({ msg, process }) => msg === 'process starts' && process === number).map(({ pid }) => pid);

async function json<T>(url: string): Promise<T> {
  const [answer] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  return JSON.parse(await text(answer)) as T;
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Process number by task, once all tasks run. */
const holders = () =>
  eventually('all tasks run', async () => {
    const { tasks } = await call<StatusInfo>('GET', `${worker.url}/connectors/${encodeURIComponent(name)}/status`);
    return tasks.length === 12 && tasks.every(({ state }) => state === 'RUNNING')
      ? tasks.map(task => task.worker_id)
      : undefined;
  });

test('tasks are distributed over the processes, each with its own identity', async () => {
  await eventually('the second process is restarted', async () => (await starts(2)).length === 1);
  const second = (await starts(2))[0] as number;
  await eventually('the second process runs tasks', async () =>
    (await lines()).some(({ msg, pid }) => msg === 'worker started' && pid === second),
  );
  await call('POST', `${worker.url}/connectors`, {
    name,
    config: {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      'connection.url': 'jdbc:postgresql://127.0.0.1:1/none',
      // The topic does not exist, so that the database is not used.
      topics: draw.topic(),
      'tasks.max': '12',
    },
  });
  expect([...new Set(await holders())].sort()).toEqual([worker.id, `${worker.id}/2`]);
});

test('/metrics has the series of both processes', async () => {
  const metrics = await (await fetch(`${worker.url}/metrics`)).text();
  const counts = metrics.split('\n').filter(line => line.startsWith('kafka_connect_worker_task_count{'));
  expect(counts.map(line => line.replace(/ \d+$/, ''))).toEqual([
    'kafka_connect_worker_task_count{process="1"}',
    'kafka_connect_worker_task_count{process="2"}',
  ]);
  expect(counts.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)).toBe(12);
  expect(metrics.match(/^# TYPE kafka_connect_worker_task_count /gm)).toHaveLength(1);
});

test('a log level is set in both processes', async () => {
  const level = async () =>
    // A new connection for each request, because processes accept connections in turn.
    (await json<{ level: string }>(`${worker.url}/admin/loggers/kafka`)).level;
  expect(await level()).toBe('INFO');
  await call('PUT', `${worker.url}/admin/loggers/kafka`, { level: 'ERROR' });
  await eventually('every process has the level', async () => {
    const levels = [await level(), await level(), await level(), await level()];
    return levels.every(one => one === 'ERROR');
  });
});

test('a killed process is restarted, and its tasks run on the other one meanwhile', async () => {
  for (const number of [1, 2]) {
    const [before] = (await starts(number)).slice(-1) as [number];
    process.kill(before, 'SIGKILL');
    await eventually('another process is started', async () => {
      const [now] = (await starts(number)).slice(-1);
      return now !== before;
    });
    const [now] = (await starts(number)).slice(-1) as [number];
    await eventually('it runs tasks again', async () =>
      (await lines()).some(({ msg, pid }) => msg === 'worker started' && pid === now),
    );
    await holders();
  }
});

test('SIGTERM ends all processes with exit status 0', async () => {
  await call('DELETE', `${worker.url}/connectors/${encodeURIComponent(name)}`);
  const children = [...(await starts(1)).slice(-1), ...(await starts(2)).slice(-1)];
  expect(children.every(alive)).toBe(true);
  await worker.stop();
  expect(children.some(alive)).toBe(false);
  expect((await lines()).filter(({ msg }) => msg === 'worker stops').map(({ pid }) => pid)).toEqual(
    expect.arrayContaining(children),
  );
});

test('children end with a killed parent', async () => {
  const doomed = await startWorkerProcess(folder, await freePort(), propertiesOf(), { args: ['--processes', '2'] });
  const log = join(folder, `worker-${new URL(doomed.url).port}.log`);
  const pids = await eventually('both children are running', async () => {
    const processLogs = (await readFile(log, 'utf8')).matchAll(/"pid":(\d+),"msg":"process starts"/g);
    const all = [...processLogs].map(([, pid]) => Number(pid));
    return all.length === 2 ? all : undefined;
  });
  await doomed.kill9();
  await eventually('no child is left', () => !pids.some(alive));
});

test('the worker exits with 1 and one message when no process can start', async () => {
  const blockingServer = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => blockingServer.once('listening', resolve));
  const { port } = blockingServer.address() as { port: number };
  const file = join(folder, 'taken.properties');
  await writeFile(file, `listeners=http://127.0.0.1:${port}\ntemporal.address=${servers().temporal}\n`);
  const ran = await millrace(['worker', file, '--processes', '3']);
  blockingServer.close();
  expect(ran.code).toBe(1);
  expect(ran.stderr.match(/Cannot listen on/g)).toHaveLength(1);
  expect(ran.stdout.match(/process starts/g)).toHaveLength(1);
  const wrong = await millrace(['worker', file, '--processes', '3', '--set', 'offset.storage.partitions=many']);
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/^millrace: .*offset\.storage\.partitions/) });
  expect((await millrace(['worker', file, '--processes', 'all'])).code).toBe(2);
});

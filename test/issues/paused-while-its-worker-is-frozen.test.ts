import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import { silent } from '../../src/observability/silent.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../src/temporal/control/control.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/** Two workers of one cluster; the first runs the connectors and is frozen. */
const draw = generator(import.meta.url);
const group = uniqueName('frozen');
const properties = {
  'bootstrap.servers': servers().kafka,
  'group.id': group,
  'offset.storage.topic': `${group}-offsets`,
  'config.storage.topic': `${group}-configs`,
  'temporal.address': servers().temporal,
  'key.converter': 'StringConverter',
  'value.converter': 'StringConverter',
};
let folder: string;
let first: WorkerProcess;
let second: WorkerProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-frozen-'));
  first = await startWorkerProcess(folder, await freePort(), properties);
});
afterAll(async () => {
  if (first !== undefined) process.kill(first.pid, 'SIGCONT');
  await first?.stop();
  await second?.stop();
  await rm(folder, { recursive: true, force: true });
});

const path = (name: string, rest = '') => `/connectors/${encodeURIComponent(name)}${rest}`;
const logOf = (worker: WorkerProcess) => readFile(join(folder, `worker-${new URL(worker.url).port}.log`), 'utf8');

async function records(topic: string): Promise<number> {
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
  try {
    const [range] = await kafka.admin.offsets([{ topic, partition: 0 }]);
    let count = 0;
    const { low = 0, end = 0 } = range ?? {};
    const reader = await kafka.reader({
      assigned: [{ topic, partition: 0, offset: low }],
      maxBytes: 1 << 20,
      maxPartitionBytes: 1 << 20,
      maxWaitMs: 100,
    });
    for (let next = low; next < end; )
      for (const part of await reader.poll()) {
        next = part.next;
        count += part.records.length;
      }
    return count;
  } finally {
    await kafka.close();
  }
}

test('a resuming worker writes nothing of a connector that was paused meanwhile', async () => {
  const [name, topic, input] = [draw.connectorName(), draw.topic(), join(folder, 'input')];
  await writeFile(input, 'one\n');
  await call('POST', `${first.url}/connectors`, {
    name,
    config: { 'connector.class': 'FileStreamSource', file: input, topic },
  });
  await eventually('the first line is in the topic', async () => (await records(topic)) === 1);
  second = await startWorkerProcess(folder, await freePort(), properties);

  process.kill(first.pid, 'SIGSTOP');
  await eventually(
    'the connector is paused by the other worker',
    async () => {
      await call('PUT', `${second.url}${path(name, '/pause')}`);
      const { tasks } = await call<StatusInfo>('GET', `${second.url}${path(name, '/status')}`);
      return tasks[0]?.state === 'PAUSED';
    },
    { within: 60_000 },
  );
  await appendFile(input, 'two\nthree\n');
  process.kill(first.pid, 'SIGCONT');
  await eventually('the frozen attempt has ended', async () =>
    /"msg":"task (stopped|failed|ended with an error)/.test(await logOf(first)),
  );
  expect(await records(topic)).toBe(1);

  await call('PUT', `${second.url}${path(name, '/resume')}`);
  await eventually('the lines written meanwhile follow once', async () => (await records(topic)) === 3);
}, 120_000);

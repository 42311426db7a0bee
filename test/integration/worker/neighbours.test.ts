import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../../src/temporal/control/control.ts';
import { eventually } from '../../support/eventually.ts';
import { generator } from '../../support/generate/index.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

/** A pair of healthy connectors on a worker where ten others are created, fail and are deleted. */
const group = uniqueName('neighbours');
const draw = generator(import.meta.url);
const [source, sink, topic] = [draw.connectorName(), draw.sinkName(), draw.topic()];
const text = 'org.apache.kafka.connect.storage.StringConverter';
let folder: string;
let worker: WorkerProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-neighbours-'));
  worker = await startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'temporal.address': servers().temporal,
  });
});
afterAll(async () => {
  await worker?.stop();
  await rm(folder, { recursive: true, force: true });
});

const LINE_BYTES = 100;
/** Numbered lines from `from` to before `to`. */
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `${String(from + i).padStart(LINE_BYTES - 1, '0')}\n`).join('');
const EVERY_MS = 50;
const AT_ONCE = 50;
/** Lines written in this many seconds: the allowed lag of a healthy pair. */
const BEHIND = (3 * AT_ONCE * 1000) / EVERY_MS;

const create = (name: string, config: Record<string, string>) =>
  call('POST', `${worker.url}/connectors`, { name, config });
const statusOf = (name: string) =>
  call<StatusInfo>('GET', `${worker.url}/connectors/${encodeURIComponent(name)}/status`);

test('ten connectors that are created, fail and are deleted do not delay a healthy one', async () => {
  const [input, output] = [join(folder, 'input.txt'), join(folder, 'output.txt')];
  await writeFile(input, lines(0, 1));
  const texts = { 'key.converter': text, 'value.converter': text };
  await create(source, { 'connector.class': 'FileStreamSource', file: input, topic, ...texts });
  await create(sink, { 'connector.class': 'FileStreamSink', file: output, topics: topic, ...texts });
  await eventually('the first line is written', async () => (await readFile(output, 'utf8')) === lines(0, 1));

  let linesWritten = 1;
  let mostBehind = 0;
  let done = false;
  const writing = (async () => {
    while (!done) {
      await appendFile(input, lines(linesWritten, linesWritten + AT_ONCE));
      linesWritten += AT_ONCE;
      mostBehind = Math.max(mostBehind, linesWritten - (await stat(output)).size / LINE_BYTES);
      await delay(EVERY_MS);
    }
  })();
  const others = Array.from({ length: 10 }, () => draw.sinkName());
  try {
    for (let round = 0; round < 3; round++) {
      // The default converter rejects text that is not JSON.
      await Promise.all(
        others.map(name =>
          create(name, {
            'connector.class': 'FileStreamSink',
            file: join(folder, `${others.indexOf(name)}.txt`),
            topics: topic,
          }),
        ),
      );
      for (const name of others)
        await eventually(`${name} failed`, async () => (await statusOf(name)).tasks[0]?.state === 'FAILED');
      await Promise.all(others.map(name => call('DELETE', `${worker.url}/connectors/${encodeURIComponent(name)}`)));
    }
  } finally {
    done = true;
    await writing;
  }

  expect(mostBehind).toBeLessThan(BEHIND);
  for (const name of [source, sink])
    expect((await statusOf(name)).tasks).toMatchObject([{ state: 'RUNNING', attempt: 1, worker_id: worker.id }]);
  await eventually('every line is written', async () => (await stat(output)).size === linesWritten * LINE_BYTES);
  expect(await readFile(output, 'utf8')).toBe(lines(0, linesWritten));
  const starts = (await readFile(join(folder, `worker-${new URL(worker.url).port}.log`), 'utf8'))
    .split('\n')
    .filter(line => line.includes('task starts') && [source, sink].some(name => line.includes(JSON.stringify(name))));
  expect(starts).toHaveLength(2);
}, 120_000);

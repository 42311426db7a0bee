import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { WorkerProcess } from '../../src/demo/worker-process.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { produce, testKafka } from '../support/produce.ts';
import { topicRecords } from '../support/topic-records.ts';
import { WorkerGroup } from '../support/worker-group.ts';

const draw = generator(import.meta.url);
const inPath = (name: string, rest = '') => `/${encodeURIComponent(name)}${rest}`;
const text = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
};

/** A sink without stored positions: only its group has offsets. */
const forgetful = `
import { defineConfig, definePlugin } from 'millrace/api';
const config = defineConfig({});
const task = () => ({ async open() { return []; }, async write() {}, async close() {} });
export const plugin = definePlugin({
  version: '1.0.0',
  sinks: [{ className: 'test.Forgetful', load: () => ({ kind: 'sink', config, task }) }],
});
`;

const logOf = (group: WorkerGroup, { url }: WorkerProcess) =>
  readFile(join(group.folder, `worker-${new URL(url).port}.log`), 'utf8');

interface Offsets {
  readonly offsets: readonly { readonly offset: { readonly kafka_offset?: number } }[];
}

async function stopAndReset(group: WorkerGroup, name: string, by: WorkerProcess): Promise<void> {
  await eventually('it is stopped', async () => {
    await group.request('PUT', inPath(name, '/stop'), undefined, by);
    return (await group.status(name, by)).tasks.length === 0;
  });
  await eventually(
    'its offsets are reset',
    async () => {
      await group.request('DELETE', inPath(name, '/offsets'), undefined, by);
      return true;
    },
    { within: 60_000, every: 500 },
  );
}

test('reset offsets of a sink remain so when its frozen worker resumes', async () => {
  await using group = await WorkerGroup.start('reset', 0);
  await writeFile(join(group.folder, 'forgetful.ts'), forgetful);
  const plugins = { 'plugin.path': group.folder };
  const first = await group.add(plugins);
  const [name, topic] = [draw.sinkName(), draw.topic()];
  const kafka = testKafka();
  try {
    const lines = (count: number) => Array.from({ length: count }, (_, i) => String(i));
    await produce(kafka, topic, lines(100));
    await group.create(name, { 'connector.class': 'test.Forgetful', topics: topic, ...text });
    const offsets = async (by: WorkerProcess) =>
      (await group.request<Offsets>('GET', inPath(name, '/offsets'), undefined, by)).offsets;
    await eventually('its offsets are committed', async () => (await offsets(first)).length === 1);
    const second = await group.add(plugins);
    // Read, and not committed to the group yet.
    await produce(kafka, topic, lines(100));
    await eventually('the records are written', async () => {
      const [task] = (await group.status(name, first)).tasks;
      return Number(task?.figures?.['records_written']) === 200;
    });
    process.kill(first.pid, 'SIGSTOP');
    await stopAndReset(group, name, second);
    expect(await offsets(second)).toEqual([]);
    process.kill(first.pid, 'SIGCONT');
    await eventually('the frozen attempt has ended', async () =>
      /"msg":"task (stopped|failed|ended with an error)/.test(await logOf(group, first)),
    );
    expect(await offsets(second)).toEqual([]);
    await group.request('PUT', inPath(name, '/resume'), undefined, second);
    await eventually('it reads all again', async () => {
      const [task] = (await group.status(name, second)).tasks;
      return Number(task?.figures?.['records_written']) === 200;
    });
  } finally {
    await kafka.close();
  }
}, 120_000);

test('offsets that were reset twice are not reset again by a worker that resumes', async () => {
  await using group = await WorkerGroup.start('reset', 2);
  const [first, second] = group.workers as [WorkerProcess, WorkerProcess];
  const [name, topic, file] = [draw.connectorName(), draw.topic(), join(group.folder, 'lines.txt')];
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  await writeFile(file, lines.map(line => `${line}\n`).join(''));
  await group.create(name, { 'connector.class': 'FileStreamSource', file, topic, ...text });
  const writtenLines = async () => (await topicRecords(topic)).map(({ value }) => value);
  const all: string[] = [...lines];
  await eventually('all lines are written', async () => (await writtenLines()).length === all.length);
  for (let round = 0; round < 2; round++) {
    // Either the frozen worker's poll or the other one's receives the task.
    process.kill(first.pid, 'SIGSTOP');
    await stopAndReset(group, name, second);
    await group.request('PUT', inPath(name, '/resume'), undefined, second);
    all.push(...lines);
    await eventually('the lines are read again', async () => (await writtenLines()).length === all.length);
    process.kill(first.pid, 'SIGCONT');
    await eventually('the worker has recovered', async () => (await fetch(`${first.url}/health`)).ok);
    lines.push(`line ${lines.length}`);
    all.push(lines.at(-1) ?? '');
    await appendFile(file, `${lines.at(-1)}\n`);
    await eventually('the next line is written', async () => (await writtenLines()).length >= all.length);
    expect(await writtenLines()).toEqual(all);
  }
}, 180_000);

import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { TestWorker } from '../support/worker.ts';

/** One worker with two processes, and a plugin whose transform kills its process. */
const draw = generator(import.meta.url);
const plugin = `
import { defineConfig, definePlugin } from 'millrace/api';
const config = defineConfig({});
export const plugin = definePlugin({
  version: '1.0.0',
  transforms: [{
    className: 'test.Killer',
    load: () => ({ config, create: () => ({ apply: record => { process.kill(process.pid, 'SIGKILL'); return record; } }) }),
  }],
});`;

test('a task that kills its process is FAILED with the reason; tasks in the same process never are', async () => {
  await using worker = await TestWorker.start(
    'killed',
    async folder => {
      await writeFile(join(folder, 'killer.ts'), plugin);
      return { 'plugin.path': join(folder, 'killer.ts') };
    },
    ['--processes', '2'],
  );
  const input = join(worker.folder, 'in');
  const output = join(worker.folder, 'out');
  const [source, sink, poison, topic] = [draw.connectorName(), draw.sinkName(), draw.connectorName(), draw.topic()];
  await writeFile(input, 'first\n');
  await worker.create(source, { 'connector.class': 'FileStreamSource', file: input, topic });
  await worker.create(sink, { 'connector.class': 'FileStreamSink', file: output, topics: topic });
  const arrived = (line: string) =>
    eventually(`${line} arrives`, async () => (await readFile(output, 'utf8').catch(() => '')).endsWith(`${line}\n`), {
      within: 60_000,
    });
  await arrived('first');

  await worker.create(poison, {
    'connector.class': 'FileStreamSource',
    file: input,
    topic: draw.topic(),
    transforms: 'killer',
    'transforms.killer.type': 'test.Killer',
  });
  const { trace } = await worker.awaitState(poison, 'FAILED', 120_000);
  expect(trace).toContain('TASK_QUARANTINED');
  expect(trace).toContain('SIGKILL');

  await appendFile(input, 'second\n');
  await arrived('second');
  for (const name of [source, sink]) expect((await worker.task(name))?.state).toBe('RUNNING');
}, 240_000);

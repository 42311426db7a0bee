import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generator } from '../support/generate/index.ts';
import { saturation } from '../support/saturation.ts';
import { TestWorker } from '../support/worker.ts';

/** Code that waits for a CPU looks as if it were blocked. */
const draw = generator(import.meta.url);

/**
 * Its validation yields its CPU to everything else, and takes longer without an event loop turn than the limit of a
 * host.
 */
const plugin = `
import { execFileSync, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { defineConfig, definePlugin } from 'millrace/api';
const config = defineConfig({});
const [thread] = readlinkSync('/proc/thread-self').split('/').slice(-1);
export const plugin = definePlugin({
  version: '1.0.0',
  sources: [{
    className: 'test.Patient',
    load: () => ({
      kind: 'source',
      config,
      validate: async () => {
        const end = performance.now() + 7000;
        // Started before, as a child of an idle thread would be starved too.
        spawn('sh', ['-c', 'sleep 7; chrt --other -p 0 ' + thread]);
        execFileSync('chrt', ['--idle', '-p', '0', thread]);
        while (performance.now() < end);
        return {};
      },
      plan: async () => [{}],
      task: () => { throw new Error('never started'); },
    }),
  }],
});`;

let folder: string;
let worker: TestWorker;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-patient-'));
  const file = join(folder, 'patient.ts');
  await writeFile(file, plugin);
  worker = await TestWorker.start('patient', () => ({ 'plugin.path': file }));
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('a configuration whose validation waits for a CPU for seconds is validated completely', async () => {
  await using _busy = saturation();
  const name = draw.connectorName();
  const answer = await worker.call('PUT', '/connector-plugins/test.Patient/config/validate', {
    'connector.class': 'test.Patient',
    name,
  });
  expect(answer).toMatchObject({ name: 'test.Patient', error_count: 0 });
}, 120_000);

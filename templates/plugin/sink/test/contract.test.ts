import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pluginContract, sinkContract, sinkRecord } from 'millrace/testing';
import { describe, test } from 'vitest';
import { plugin } from '../src/index.ts';
import { sink } from '../src/sink.ts';

describe('the plugin', () => {
  for (const { name, run } of pluginContract(plugin)) test(name, run);
});

describe('the sink', () => {
  const checks = sinkContract({
    connector: sink,
    // Somewhere empty to write to.
    async setUp() {
      const folder = await mkdtemp(join(tmpdir(), 'sink-test-'));
      const file = join(folder, 'lines.txt');
      return {
        config: { file },
        records: ['a', 'b', 'c'].map((value, offset) => sinkRecord({ topic: 'letters', offset, value })),
        stored: async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').length - 1,
        close: () => rm(folder, { recursive: true }),
      };
    },
  });
  for (const { name, run } of checks) test(name, run);
});

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Check,
  configProviderContract,
  converterContract,
  pluginContract,
  predicateContract,
  sinkContract,
  sinkRecord,
  sourceContract,
  transformContract,
} from 'millrace/testing';
import { describe, test } from 'vitest';
import { formConverter } from '../src/form-converter.ts';
import { plugin } from '../src/index.ts';
import { jsonFileProvider } from '../src/json-file-provider.ts';
import { maskEmail } from '../src/mask-email.ts';
import { spoolSink } from '../src/spool-sink.ts';
import { spoolSource } from '../src/spool-source.ts';
import { valueMatches } from '../src/value-matches.ts';

const suite = (name: string, checks: readonly Check[]) =>
  describe(name, () => {
    for (const { name: what, run } of checks) test(what, run);
  });
const folder = () => mkdtemp(join(tmpdir(), 'plugin-spool-test-'));
const removed = (path: string) => () => rm(path, { recursive: true });

suite('the plugin', pluginContract(plugin));

suite(
  'SpoolSourceConnector',
  sourceContract({
    connector: spoolSource,
    async setUp() {
      const path = await folder();
      for (const name of ['0001', '0002', '0003', '0004']) await writeFile(join(path, name), `text of ${name}`);
      await writeFile(join(path, '.0005'), 'not yet');
      return { config: { path, topic: 'spool' }, records: 4, close: removed(path) };
    },
  }),
);

suite(
  'SpoolSinkConnector',
  sinkContract({
    connector: spoolSink,
    async setUp() {
      const path = await folder();
      return {
        config: { path: join(path, 'out') },
        records: ['a', { b: 1 }, 'c'].map((value, offset) => sinkRecord({ topic: 't', partition: 2, offset, value })),
        stored: async () => (await readdir(join(path, 'out'))).length,
        close: removed(path),
      };
    },
  }),
);

suite('MaskEmail of a field', transformContract({ factory: maskEmail, config: { field: 'name' } }));
suite('MaskEmail of the value', transformContract({ factory: maskEmail }));
suite('ValueMatches', predicateContract({ factory: valueMatches, config: { pattern: 'A.a' } }));
suite(
  'FormConverter',
  converterContract({
    factory: formConverter,
    samples: [
      { schema: null, value: { name: 'Ada & Ève', city: '' } },
      { schema: null, value: { count: 2 }, back: { count: '2' } },
    ],
  }),
);

describe('JsonFileConfigProvider', async () => {
  const path = join(await folder(), 'secrets.json');
  await writeFile(path, JSON.stringify({ database: { password: 's3cret', port: 5432 } }));
  const values = { 'database.password': 's3cret', 'database.port': '5432' };
  for (const { name, run } of configProviderContract({ factory: jsonFileProvider, path, values })) test(name, run);
});

import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { fileStreamSink } from '../../connectors/file-stream-sink/index.ts';
import { fileStreamSource } from '../../connectors/file-stream-source/index.ts';
import type { ConfigProps, Value } from '../../src/api/index.ts';
import { schemaOf } from '../../src/api/index.ts';
import { shortName } from '../../src/config/connector-config/class-names.ts';
import { configProviderEntries } from '../../src/config/worker-config/config-providers.ts';
import { converters } from '../../src/converters/index.ts';
import { predicates } from '../../src/predicates/index.ts';
import {
  type Check,
  type ConverterSample,
  configProviderContract,
  converterContract,
  predicateContract,
  sinkContract,
  sinkRecord,
  sourceContract,
  transformContract,
} from '../../src/testing/index.ts';
import { transforms } from '../../src/transforms/index.ts';
import { anyFile } from '../support/files.ts';

const fileSink = fileStreamSink(anyFile);
const fileSource = fileStreamSource(anyFile);

/** Registers the checks as tests: Millrace's own components pass the contract of plugins. */
const testAll = (checks: readonly Check[]) => {
  for (const { name, run } of checks) test(name, run);
};

const folder = () => mkdtemp(join(tmpdir(), 'millrace-contract-test-'));

/** Valid configurations, by short name without `$Key` and `$Value`, of components that need one. */
const settings: Readonly<Record<string, ConfigProps>> = {
  Cast: { spec: 'string' },
  DropHeaders: { headers: 'trace' },
  ExtractField: { field: 'id' },
  HeaderFrom: { fields: 'id', headers: 'id', operation: 'copy' },
  HoistField: { field: 'whole' },
  InsertField: { 'static.field': 'f', 'static.value': 'v' },
  InsertHeader: { header: 'h', 'value.literal': 'v' },
  MaskField: { fields: 'name' },
  RegexRouter: { regex: '(.*)s', replacement: '$1' },
  ReplaceField: { exclude: 'name' },
  SetSchemaMetadata: { 'schema.name': 'n' },
  TimestampConverter: { 'target.type': 'string', format: 'yyyy-MM-dd' },
  ValueToKey: { fields: 'id' },
  HasHeaderKey: { name: 'trace' },
  TopicNameMatches: { pattern: 'struct.*' },
};
const settingsOf = (className: string): ConfigProps =>
  settings[shortName(className).replace(/\$(Key|Value)$/, '')] ?? {};

describe.each(transforms)('$names.0', async ({ names: [name], load }) => {
  testAll(transformContract({ factory: await load(), config: settingsOf(name) }));
});

describe.each(predicates)('$names.0', async ({ names: [name], load }) => {
  testAll(predicateContract({ factory: await load(), config: settingsOf(name) }));
});

const whole = (type: 'int16' | 'int32'): ConverterSample[] =>
  [1, -7].map(value => ({ schema: schemaOf(type, { optional: true }), value }));
const decimal = (type: 'float32' | 'float64'): ConverterSample[] =>
  [0.5, -2].map(value => ({ schema: schemaOf(type, { optional: true }), value }));
const texts: ConverterSample[] = [
  { schema: schemaOf('string'), value: 'text é' },
  { schema: null, value: 'other' },
];
const samples: Readonly<Record<string, readonly ConverterSample[]>> = {
  BooleanConverter: [true, false].map(value => ({ schema: schemaOf('boolean', { optional: true }), value })),
  ByteArrayConverter: [new Uint8Array([0, 255]), new Uint8Array([])].map(value => ({
    schema: schemaOf('bytes'),
    value,
  })),
  DoubleConverter: decimal('float64'),
  FloatConverter: decimal('float32'),
  IntegerConverter: whole('int32'),
  LongConverter: [1n, -(2n ** 60n)].map(value => ({ schema: schemaOf('int64'), value })),
  ShortConverter: whole('int16'),
  JsonConverter: [...texts, { schema: null, value: { a: [1, null, { b: true }] } as Value }],
  SimpleHeaderConverter: texts.map(one => ({ ...one, schema: schemaOf('string') })),
  StringConverter: [...texts, { schema: schemaOf('int32'), value: 5, back: '5' }],
};

describe.each(converters)('$names.0', async ({ names: [name], load }) => {
  testAll(converterContract({ factory: await load(), samples: samples[shortName(name)] ?? [] }));
});

describe('JsonConverter without schemas', async () => {
  const factory = await converters.find(({ names: [name] }) => name.endsWith('JsonConverter'))?.load();
  if (factory === undefined) throw new Error('there is no JsonConverter');
  const plain = [
    { schema: null, value: { id: 1, tags: ['x'] } },
    { schema: null, value: 'text' },
  ];
  testAll(converterContract({ factory, config: { 'schemas.enable': 'false' }, samples: plain }));
});

describe.each(configProviderEntries)('$names.0', async ({ names: [name], load }) => {
  const values = { MILLRACE_CONTRACT_A: 'first', MILLRACE_CONTRACT_B: 'second=é' };
  const path = await folder();
  for (const [key, value] of Object.entries(values)) {
    vi.stubEnv(key, value);
    await writeFile(join(path, key), value);
    await appendFile(join(path, 'all.properties'), `${key}=${value}\n`);
  }
  const place = name.endsWith('FileConfigProvider') ? join(path, 'all.properties') : path;
  testAll(configProviderContract({ factory: await load(), path: place, values }));
});

describe('FileStreamSource', () => {
  testAll(
    sourceContract({
      connector: fileSource,
      async setUp() {
        const path = await folder();
        const file = join(path, 'input.txt');
        await writeFile(file, 'one\ntwo\n\nfour\nfive\n');
        return {
          config: { file, topic: 'lines', 'batch.size': '2' },
          records: 5,
          close: () => rm(path, { recursive: true }),
        };
      },
    }),
  );
});

describe('FileStreamSink', () => {
  testAll(
    sinkContract({
      connector: fileSink,
      async setUp() {
        const path = await folder();
        const file = join(path, 'output.txt');
        return {
          config: { file },
          records: ['a', 'b', 'c'].map((value, i) =>
            sinkRecord({ topic: 'lines', partition: 1, offset: i * 2, value }),
          ),
          stored: async () => (await readFile(file, 'utf8')).split('\n').length - 1,
          close: () => rm(path, { recursive: true }),
        };
      },
    }),
  );
});

test('every configuration and sample belongs to a component', () => {
  const short = (entries: readonly { readonly names: readonly [string, ...string[]] }[]) =>
    entries.map(({ names: [name] }) => shortName(name).replace(/\$(Key|Value)$/, ''));
  const configured = Object.keys(settings);
  expect(short([...transforms, ...predicates])).toEqual(expect.arrayContaining(configured));
  expect(short(converters).toSorted()).toEqual(Object.keys(samples).toSorted());
});

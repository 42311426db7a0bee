import { expect, test } from 'vitest';
import type { ConnectRecord } from '../../src/api/index.ts';
import { transforms } from '../../src/transforms/index.ts';

/** The names of ReplaceField's keys before Kafka 2.7 work, so that hidden fields remain hidden. */
const record: ConnectRecord = {
  topic: 't',
  partition: 0,
  keySchema: null,
  key: { id: 1, password: 'p', name: 'n' },
  valueSchema: null,
  value: { id: 1, password: 'p', name: 'n' },
  timestamp: null,
  headers: [],
};

async function check(part: string, config: Record<string, string>) {
  const type = `org.apache.kafka.connect.transforms.ReplaceField$${part}`;
  const factory = await transforms.find(({ names }) => names.includes(type))?.load();
  if (factory === undefined) throw new Error(`no transform ${type}`);
  return { factory, ...factory.config.check(config) };
}

const apply = async (part: 'Key' | 'Value', config: Record<string, string>) => {
  const { factory, config: read } = await check(part, config);
  const result = factory.create(read).apply(record);
  return part === 'Key' ? result?.key : result?.value;
};

test.each(['Key', 'Value'] as const)('blacklist and whitelist of ReplaceField$%s', async part => {
  expect(await apply(part, { blacklist: 'password, name' })).toEqual({ id: 1 });
  expect(await apply(part, { whitelist: 'id,name' })).toEqual({ id: 1, name: 'n' });
  expect(await apply(part, { whitelist: 'id,name', exclude: 'name' })).toEqual({ id: 1 });
});

test('two names of one key are rejected if their values differ', async () => {
  const { errors } = await check('Value', { exclude: 'name', blacklist: 'password' });
  expect(errors.get('exclude')).toEqual([
    'exclude and blacklist are names of one setting and have different values: remove blacklist',
  ]);
  expect(await apply('Value', { exclude: 'name', blacklist: 'name' })).toEqual({ id: 1, password: 'p' });
});

test('a former name is validated like the current one, with a warning', async () => {
  expect((await check('Value', { blacklist: 'a,,b' })).errors.get('exclude')).toEqual([
    "Configuration 'exclude' values must not be empty.",
  ]);
  const { warnings, values } = await check('Value', { blacklist: 'a' });
  expect(warnings?.get('exclude')).toBe('blacklist is the former name of exclude');
  expect(values.get('exclude')).toBe('a');
});

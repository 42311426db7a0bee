import { describe, expect, test } from 'vitest';
import type { ConfigProps, SinkRecord } from '../../src/api/index.ts';
import { DataError, MillraceError } from '../../src/errors.ts';
import { pluginRegistry } from '../../src/plugins.ts';
import { transformChain } from '../../src/transforms/chain.ts';

const record: SinkRecord = {
  topic: 'orders',
  partition: 1,
  keySchema: null,
  key: null,
  valueSchema: null,
  value: { id: 1 },
  timestamp: 5,
  headers: [{ key: 'kind', schema: null, value: 'test' }],
  offset: 7,
  originalTopic: 'orders',
  originalPartition: 1,
};
const insert = (alias: string, value: string) => ({
  [`transforms.${alias}.type`]: 'InsertField$Value',
  [`transforms.${alias}.static.field`]: alias,
  [`transforms.${alias}.static.value`]: value,
});
const registry = pluginRegistry();
const apply = async (props: ConfigProps, input = record) => (await transformChain(props, registry))(input);

describe('a chain of transforms', () => {
  test('returns the record unchanged without transforms', async () => {
    expect(await apply({})).toBe(record);
    expect(await apply({ transforms: ' ' })).toBe(record);
  });

  test('applies transforms in the order of the list and keeps other properties of the record', async () => {
    const props = { transforms: 'b, a', ...insert('a', '1'), ...insert('b', '2') };
    const result = await apply(props);
    expect(JSON.stringify(result?.value)).toBe('{"id":1,"b":"2","a":"1"}');
    expect(result).toMatchObject({ offset: 7, originalTopic: 'orders' });
    expect(record.value).toEqual({ id: 1 });
  });

  test('accepts full class names and aliases', async () => {
    const long = {
      transforms: 'a',
      ...insert('a', '1'),
      'transforms.a.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
    };
    expect((await apply(long))?.value).toEqual({ id: 1, a: '1' });
  });

  test('stops after a transform that drops the record', async () => {
    // A transform that would fail on this record.
    const failing = { 'transforms.bad.type': 'ExtractField$Key', 'transforms.bad.field': 'x' };
    const props = { transforms: 'drop,bad', 'transforms.drop.type': 'Filter', ...failing };
    expect(await apply(props, { ...record, key: 'text' })).toBeNull();
  });

  test.each([
    ['is true', 'RecordIsTombstone', {}, { ...record, value: null }, true],
    ['is false', 'RecordIsTombstone', {}, record, false],
    ['header', 'HasHeaderKey', { name: 'kind' }, record, true],
    ['no header', 'HasHeaderKey', { name: 'other' }, record, false],
    ['topic', 'TopicNameMatches', { pattern: 'ord.*' }, record, true],
    ['part of a topic', 'TopicNameMatches', { pattern: 'ord' }, record, false],
  ] as const)('a predicate that %s (%s)', async (_name, type, config, input, isTrue) => {
    const predicateProps = Object.fromEntries(
      Object.entries(config).map(([key, value]) => [`predicates.p.${key}`, value]),
    );
    const props = {
      transforms: 'r',
      'transforms.r.type': 'RegexRouter',
      'transforms.r.regex': '.*',
      'transforms.r.replacement': 'other',
      'transforms.r.predicate': 'p',
      predicates: 'p',
      'predicates.p.type': `org.apache.kafka.connect.transforms.predicates.${type}`,
      ...predicateProps,
    };
    expect((await apply(props, input))?.topic).toBe(isTrue ? 'other' : 'orders');
    expect((await apply({ ...props, 'transforms.r.negate': 'true' }, input))?.topic).toBe(isTrue ? 'orders' : 'other');
  });

  test('an error with a record is a DataError that names the transform', async () => {
    const props = { transforms: 'mine', 'transforms.mine.type': 'ExtractField$Value', 'transforms.mine.field': 'x' };
    const chain = await transformChain(props, registry);
    const failingApply = () => chain({ ...record, value: 'text' });
    expect(failingApply).toThrow(DataError);
    expect(failingApply).toThrow(/^Transform mine: Only Map objects supported/);
  });

  test.each<[ConfigProps, RegExp]>([
    [{ transforms: 'a' }, /Missing required configuration "transforms.a.type"/],
    [{ transforms: 'a', 'transforms.a.type': 'Nope' }, /transforms.a.type is Nope/],
    [{ transforms: 'a', 'transforms.a.type': 'RegexRouter', 'transforms.a.regex': '(' }, /Unclosed group/],
    [{ transforms: 'a', 'transforms.a.type': 'Filter', 'transforms.a.predicate': 'p' }, /predicate is p/],
    [{ predicates: 'p', 'predicates.p.type': 'Nope' }, /predicates.p.type is Nope/],
    [{ predicates: 'p', 'predicates.p.type': 'HasHeaderKey' }, /Missing required configuration "name"/],
  ])('an invalid configuration fails the task: %j', async (props, message) => {
    const error = await transformChain(props, registry).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({ code: 'TASK_CONFIG', message: expect.stringMatching(message) });
  });
});

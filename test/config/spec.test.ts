import { describe, expect, test } from 'vitest';
import {
  atLeast,
  booleanKey,
  defineConfig,
  doubleKey,
  enumKey,
  intKey,
  listKey,
  longKey,
  oneOfKey,
  passwordKey,
  shortKey,
  stringKey,
  validList,
} from '../../src/config/spec.ts';

const spec = defineConfig(
  {
    url: stringKey({ doc: 'Where.', group: 'Link' }),
    password: passwordKey({
      doc: 'Secret.',
      default: '',
      group: 'Link',
      check: text => (text === 'bad' ? 'Too short' : undefined),
    }),
    max: intKey({ doc: 'How many.', default: 5, check: atLeast(1) }),
    mode: enumKey(['fast', 'safe'], { doc: 'How.', default: 'safe' }),
    level: oneOfKey(['none', 'all'], { doc: 'What.', default: 'none' }),
    tags: listKey({ doc: 'Names.', default: [], check: validList('tags', { empty: true }) }),
    on: booleanKey({ doc: 'Whether.', default: false }),
    ratio: doubleKey({ doc: 'Part.', default: null }),
  },
  { refine: c => (c.mode === 'fast' && c.max > 10 ? { max: 'Too many to be fast' } : {}) },
);

describe('a specification', () => {
  test('parses values and adds defaults', () => {
    const { config, errors, values } = spec.check({
      url: ' u ',
      max: ' 7',
      mode: 'FAST',
      tags: 'a , b',
      on: 'True',
      ratio: '0.5',
      other: 'x',
    });
    expect(errors.size).toBe(0);
    expect(config).toEqual({
      url: 'u',
      password: '',
      max: 7,
      mode: 'fast',
      level: 'none',
      tags: ['a', 'b'],
      on: true,
      ratio: 0.5,
    });
    expect(Object.fromEntries(values)).toEqual({
      url: 'u',
      password: '[hidden]',
      max: '7',
      mode: 'FAST',
      level: 'none',
      tags: 'a,b',
      on: 'true',
      ratio: '0.5',
    });
  });

  test.each<[Record<string, string>, string, string[]]>([
    [{}, 'url', ['Missing required configuration "url" which has no default value.']],
    [
      { max: 'x' },
      'max',
      [
        'Invalid value x for configuration max: Not a number of type INT',
        'Invalid value null for configuration max: Value must be non-null',
      ],
    ],
    [{ max: '0' }, 'max', ['Invalid value 0 for configuration max: Value must be at least 1']],
    [
      { max: '2147483648' },
      'max',
      [
        'Invalid value 2147483648 for configuration max: Not a number of type INT',
        'Invalid value null for configuration max: Value must be non-null',
      ],
    ],
    [
      { mode: 'slow' },
      'mode',
      ['Invalid value slow for configuration mode: String must be one of (case insensitive): fast, safe'],
    ],
    [{ level: 'ALL' }, 'level', ['Invalid value ALL for configuration level: String must be one of: none, all']],
    [{ on: 'yes' }, 'on', ['Invalid value yes for configuration on: Expected value to be either true or false']],
    [{ ratio: 'x' }, 'ratio', ['Invalid value x for configuration ratio: Not a number of type DOUBLE']],
    [{ tags: 'a,a' }, 'tags', ["Configuration 'tags' values must not be duplicated."]],
    [{ password: 'bad' }, 'password', ['Invalid value [hidden] for configuration password: Too short']],
  ])('%j is invalid', (props, key, messages) => {
    const { config, errors } = spec.check(key === 'url' ? props : { url: 'u', ...props });
    expect(config).toBeUndefined();
    expect(Object.fromEntries(errors)).toEqual({ [key]: messages });
  });

  test('validates combinations of keys if each key is valid', () => {
    expect(spec.check({ url: 'u', mode: 'fast', max: '11' }).errors.get('max')).toEqual(['Too many to be fast']);
    expect(spec.check({ mode: 'fast', max: '11' }).errors.has('max')).toBe(false);
  });

  test('integers out of range are rejected', () => {
    const numbers = defineConfig({ s: shortKey({ doc: '', default: 0 }), l: longKey({ doc: '', default: 0 }) });
    expect(numbers.check({ s: '-32768', l: '-9007199254740991' }).config).toEqual({ s: -32768, l: -9007199254740991 });
    expect(numbers.check({ s: '32768' }).errors.size).toBe(1);
    expect(numbers.check({ l: '1.5' }).errors.size).toBe(1);
  });

  test('describes its keys', () => {
    expect(spec.keys.map(key => [key.name, key.type, key.required, key.defaultValue, key.orderInGroup])).toEqual([
      ['url', 'STRING', true, null, 1],
      ['password', 'PASSWORD', false, '', 2],
      ['max', 'INT', false, '5', -1],
      ['mode', 'STRING', false, 'safe', -1],
      ['level', 'STRING', false, 'none', -1],
      ['tags', 'LIST', false, '', -1],
      ['on', 'BOOLEAN', false, 'false', -1],
      ['ratio', 'DOUBLE', false, null, -1],
    ]);
  });
});

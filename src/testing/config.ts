import assert from 'node:assert/strict';
import type { ConfigProps, ConfigSpec } from '../api/index.ts';
import { messageOf } from '../errors.ts';
import { type Check, check } from './check.ts';

const types = ['BOOLEAN', 'STRING', 'INT', 'SHORT', 'LONG', 'DOUBLE', 'LIST', 'CLASS', 'PASSWORD'];
/** Values that configurations may contain by mistake. */
const invalidTexts = [
  '',
  ' ',
  'x',
  '-1',
  '0',
  '1e999',
  '☃',
  'true',
  ',',
  ',,a',
  '(',
  '{"a":1}',
  '99999999999999999999',
];

/** The contract of a component's spec. props: a valid configuration. */
export function configContract(spec: ConfigSpec<unknown>, props: ConfigProps): Check[] {
  const read = (what: string, candidate: ConfigProps) => {
    try {
      return spec.check(candidate);
    } catch (error) {
      return assert.fail(`check threw ${messageOf(error)} ${what}: it must return errors by key.`);
    }
  };
  return [
    check('its keys have the properties that Connect returns', () => {
      const names = spec.keys.map(key => key.name);
      assert.deepEqual(names, [...new Set(names)], `A key is declared twice: ${names.join(', ')}.`);
      for (const key of spec.keys) {
        assert.ok(key.name.trim() !== '', 'A key has no name.');
        assert.ok(
          types.includes(key.type),
          `${key.name} has the type ${key.type}; valid types are ${types.join(', ')}.`,
        );
        assert.ok(key.documentation.trim() !== '', `${key.name} has no documentation.`);
        assert.ok(!key.required || key.defaultValue === null, `${key.name} is required and has a default value.`);
      }
    }),
    check('a valid configuration is accepted', () => {
      const { config, errors, values } = read('for a valid configuration', props);
      assert.deepEqual([...errors.values()].flat(), [], 'The valid configuration has errors.');
      assert.ok(config !== undefined, 'The valid configuration is not parsed.');
      for (const { name } of spec.keys) assert.ok(values.has(name), `check returns no value of ${name}.`);
    }),
    check('a missing required key is an error at that key', () => {
      for (const { name } of spec.keys.filter(key => key.required)) {
        const { config, errors } = read(`without ${name}`, { ...props, [name]: undefined });
        assert.ok(
          (errors.get(name) ?? []).length > 0,
          `${name} is required, but check returns no error for it when it is missing.`,
        );
        assert.equal(config, undefined, `check returns a configuration without ${name}, which is required.`);
      }
    }),
    check('check never throws, and returns a configuration if and only if there are no errors', () => {
      const all = Object.keys(props).concat(spec.keys.map(key => key.name));
      const candidates: ConfigProps[] = [
        {},
        ...all.flatMap(name => [null, ...invalidTexts].map(text => ({ ...props, [name]: text }))),
      ];
      for (const candidate of candidates) {
        const { config, errors } = read(`for ${JSON.stringify(candidate)}`, candidate);
        const messages = [...errors.values()].flat();
        assert.equal(
          config === undefined,
          messages.length > 0,
          `For ${JSON.stringify(candidate)} check returns ${messages.length} errors and ${config === undefined ? 'no' : 'a'} configuration.`,
        );
        for (const message of messages)
          assert.ok(typeof message === 'string' && message.trim() !== '', 'An error has no message.');
      }
    }),
    check('check does not change the configuration, and returns the same again', () => {
      const frozen = Object.freeze({ ...props });
      const [first, second] = [read('for a frozen configuration', frozen), read('for a frozen configuration', frozen)];
      assert.deepEqual(
        [...first.values],
        [...second.values],
        'Two checks of one configuration differ in their values.',
      );
      assert.deepEqual(
        [...first.errors],
        [...second.errors],
        'Two checks of one configuration differ in their errors.',
      );
    }),
    check('a password is not shown', () => {
      const secret = 'secret-4711';
      for (const { name } of spec.keys.filter(key => key.type === 'PASSWORD')) {
        const { values, errors } = read('with a password', { ...props, [name]: secret });
        const output = [...values.values(), ...[...errors.values()].flat()].join('\n');
        assert.ok(!output.includes(secret), `${name} is a password, but check returns its value.`);
      }
    }),
  ];
}

/** Parses the configuration of a component under test. Fails when it is invalid. */
export function parseConfig<C>(spec: ConfigSpec<C>, props: ConfigProps): C {
  const { config, errors } = spec.check(props);
  if (config !== undefined) return config;
  return assert.fail(`The configuration is invalid: ${[...errors.values()].flat().join(' ')}`);
}

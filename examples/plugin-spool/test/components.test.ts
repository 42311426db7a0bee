import { schemaOf, structOf, type Value, ValueStruct } from 'millrace/api';
import { sinkRecord } from 'millrace/testing';
import { describe, expect, test } from 'vitest';
import { jsonFileProvider } from '../src/json-file-provider.ts';
import { maskEmail } from '../src/mask-email.ts';
import { valueMatches } from '../src/value-matches.ts';

describe('MaskEmail', () => {
  const apply = (value: Value, field = '') =>
    maskEmail.create({ field, mask: '***' }).apply(sinkRecord({ topic: 't', value }))?.value;

  test.each([
    ['write to ada.l+x@example.com, or bob@b.org', 'write to ***@example.com, or ***@b.org'],
    ['nobody', 'nobody'],
    [null, null],
  ])('%s → %s', (before, after) => {
    expect(apply(before)).toBe(after);
  });

  test('in a field of an object, of a struct, and of neither', () => {
    expect(apply({ mail: 'a@b.c', n: 1 }, 'mail')).toEqual({ mail: '***@b.c', n: 1 });
    const schema = structOf({ id: schemaOf('int32'), mail: schemaOf('string') });
    expect(apply(new ValueStruct(schema, [1, 'a@b.c']), 'mail')).toEqual(new ValueStruct(schema, [1, '***@b.c']));
    expect(() => apply('a@b.c', 'mail')).toThrow('has no fields');
    expect(() => apply({ mail: 1 }, 'mail')).toThrow('mail is no text');
  });
});

test('ValueMatches looks into the text of a value', () => {
  const predicate = valueMatches.create({ pattern: 'id=1\\b' });
  expect(predicate.test(sinkRecord({ topic: 't', value: { id: 1 } }))).toBe(true);
  expect(predicate.test(sinkRecord({ topic: 't', value: { id: 12 } }))).toBe(false);
  expect(predicate.test(sinkRecord({ topic: 't' }))).toBe(false);
  expect(valueMatches.config.check({ pattern: '(' }).errors.get('pattern')).toEqual([
    'Invalid value ( for configuration pattern: It is no regular expression',
  ]);
});

test('JsonFileConfigProvider names the file that it cannot read, and not what is in it', async () => {
  const file = new URL('../package.json', import.meta.url).pathname;
  const provider = jsonFileProvider.create({});
  expect(await provider.get(file, ['name'])).toEqual(new Map([['name', 'millrace-plugin-spool']]));
  await expect(provider.get(import.meta.filename, ['x'])).rejects.toThrow(
    /components\.test\.ts of secrets cannot be read: it is not JSON$/,
  );
  await expect(provider.get('/nowhere.json', ['x'])).rejects.toThrow('/nowhere.json of secrets cannot be read: ENOENT');
});

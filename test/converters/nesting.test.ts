import { describe, expect, test } from 'vitest';
import { Bytes, type Converter } from '../../src/api/index.ts';
import { converters } from '../../src/converters/index.ts';
import { DataError } from '../../src/errors.ts';

const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';

async function jsonConverter(settings: Readonly<Record<string, string>>): Promise<Converter> {
  const entry = converters.find(({ names }) => names.includes(JSON_CONVERTER));
  if (entry === undefined) throw new Error(`no converter ${JSON_CONVERTER}`);
  const factory = await entry.load();
  const { config } = factory.config.check({ 'converter.type': 'value', ...settings });
  if (config === undefined) throw new Error('the settings are invalid');
  return factory.create(config, false);
}

const nested = (open: string, close: string, levels: number): Buffer =>
  Buffer.from(`${open.repeat(levels)}1${close.repeat(levels)}`);
const schemaOf = (levels: number): string =>
  `${'{"type":"array","items":'.repeat(levels)}{"type":"int32"}${'}'.repeat(levels)}`;
const enveloped = (levels: number): Buffer =>
  Buffer.from(`{"schema":${schemaOf(levels)},"payload":${nested('[', ']', levels)}}`);

describe.each([
  ['objects', (levels: number) => nested('{"a":', '}', levels), { 'schemas.enable': 'false' }, 1000],
  ['arrays', (levels: number) => nested('[', ']', levels), { 'schemas.enable': 'false' }, 1000],
  // The envelope and the innermost schema count as levels too.
  ['a schema', enveloped, {}, 998],
] as const)('JSON of nested %s', (_name, nestedJson, settings, deepest) => {
  test(`${deepest} levels are read and written again`, async () => {
    const converter = await jsonConverter(settings);
    const { schema, value } = converter.toConnect('t', nestedJson(deepest));
    const out = new Bytes();
    converter.fromConnect('t', schema, value, out);
    expect(out.length).toBeGreaterThan(0);
  });

  test('deeper nesting is a data error at any depth', async () => {
    const converter = await jsonConverter(settings);
    for (const levels of [deepest + 1, 3000, 100_000])
      expect(() => converter.toConnect('t', nestedJson(levels)), `${levels}`).toThrow(DataError);
  });
});

test('brackets within strings do not count as levels', async () => {
  const converter = await jsonConverter({ 'schemas.enable': 'false' });
  const text = '[{\\"'.repeat(5000);
  expect(converter.toConnect('t', Buffer.from(JSON.stringify(text))).value).toBe(text);
});

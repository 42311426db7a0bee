import { describe, expect, test } from 'vitest';
import type { ConnectRecord, Schema, Value } from '../../src/api/index.ts';
import { Decimal, isStruct, LogicalName, schemaOf, structOf, ValueStruct } from '../../src/api/index.ts';
import { simpleDateFormat } from '../../src/transforms/simple-date-format.ts';
import { transformOf } from './golden.ts';

const of = (valueSchema: Schema | null, value: Value): ConnectRecord => ({
  topic: 't',
  partition: 0,
  keySchema: null,
  key: null,
  valueSchema,
  value,
  timestamp: 1,
  headers: [],
});
const connect = 'org.apache.kafka.connect.transforms';

describe('where Kafka Connect is broken', () => {
  test('a masked decimal keeps the scale of its field, or no converter could write it', async () => {
    const schema = structOf({ d: schemaOf('bytes', { name: LogicalName.Decimal, parameters: { scale: '2' } }) });
    const record = of(schema, new ValueStruct(schema, [new Decimal(1234n, 2)]));
    const masked = async (config: Record<string, string>) => {
      const value =
        (await transformOf(`${connect}.MaskField$Value`, { fields: 'd', ...config })).apply(record)?.value ?? null;
      return isStruct(value) ? String(value.at(0)) : undefined;
    };
    expect(await masked({})).toBe('0.00');
    expect(await masked({ replacement: '7.125' })).toBe('7.12');
  });

  test('SetSchemaMetadata takes schemas that are no structs', async () => {
    const transform = await transformOf(`${connect}.SetSchemaMetadata$Value`, { 'schema.name': 'n' });
    expect(transform.apply(of(schemaOf('string'), 'x'))).toMatchObject({
      valueSchema: { type: 'string', name: 'n' },
      value: 'x',
    });
  });

  test('a time beyond what JavaScript knows is refused', async () => {
    const transform = await transformOf(`${connect}.TimestampConverter$Value`, { 'target.type': 'Timestamp' });
    expect(() => transform.apply(of(schemaOf('int64'), 9007199254740993n))).toThrow('A timestamp is out of range');
  });
});

describe('SimpleDateFormat', () => {
  const date = new Date('2024-02-09T15:04:05.006Z');
  // As Java 25 prints them in UTC and English.
  test.each([
    ['yyyy-MM-dd HH:mm:ss.SSS', '2024-02-09 15:04:05.006'],
    ["yyyy-MM-dd'T'HH:mm:ssXXX", '2024-02-09T15:04:05Z'],
    ['yy/M/d h:m a', '24/2/9 3:4 PM'],
    ['EEE, d MMM yyyy', 'Fri, 9 Feb 2024'],
    ['EEEE d MMMM y G', 'Friday 9 February 2024 AD'],
    ['D DDD u K k', '40 040 5 3 15'],
    ["'it''s' yyyy ''", "it's 2024 '"],
    ['HH:mm z Z', '15:04 UTC +0000'],
    ['SSSSSS', '000006'],
  ])('%s', (pattern, text) => {
    expect(simpleDateFormat(pattern).format(date)).toBe(text);
  });

  test.each([
    ['yyyy-MM-dd HH:mm:ss.SSS', '2024-02-09 15:04:05.006', '2024-02-09T15:04:05.006Z'],
    ['yyyyMMddHHmmss', '20240209150405', '2024-02-09T15:04:05.000Z'],
    ["yyyy-MM-dd'T'HH:mm:ssX", '2024-02-09T15:04:05+02:00', '2024-02-09T13:04:05.000Z'],
    ["yyyy-MM-dd'T'HH:mm:ssZ", '2024-02-09T15:04:05-0130', '2024-02-09T16:34:05.000Z'],
    ['d MMM yyyy h:mm a', '9 feb 2024 12:05 AM', '2024-02-09T00:05:00.000Z'],
    ['d MMMM yyyy', '9 February 2024 and more', '2024-02-09T00:00:00.000Z'],
    ['yyyy-MM-dd', '2024-1-32', '2024-02-01T00:00:00.000Z'],
    ['yyyy D', '2024 60', '2024-02-29T00:00:00.000Z'],
    ['HH:mm', '07:08', '1970-01-01T07:08:00.000Z'],
    ['MM/dd/yy', '02/09/24', '2024-02-09T00:00:00.000Z'],
  ])('%s reads %s', (pattern, text, iso) => {
    expect(simpleDateFormat(pattern).parse(text).toISOString()).toBe(iso);
  });

  test('what does not fit is refused, and so are patterns that Java refuses', () => {
    expect(() => simpleDateFormat('yyyy-MM-dd').parse('yesterday')).toThrow('does not match pattern (yyyy-MM-dd)');
    expect(() => simpleDateFormat('yyyy-MM-dd').parse('2024-02')).toThrow('does not match');
    expect(() => simpleDateFormat('q')).toThrow("Illegal pattern character 'q'");
    expect(() => simpleDateFormat("'open")).toThrow('Unterminated quote');
  });
});

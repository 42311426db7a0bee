import { describe, expect, test } from 'vitest';
import type { ConnectRecord, Schema, Value } from '../../src/api/index.ts';
import { Decimal, isStruct, LogicalName, schemaOf, structOf, ValueStruct } from '../../src/api/index.ts';
import { transformOf } from './golden.ts';

const recordOf = (valueSchema: Schema | null, value: Value): ConnectRecord => ({
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

describe('differences where Kafka Connect fails', () => {
  test('a masked decimal keeps the scale of its field, which converters require', async () => {
    const schema = structOf({ d: schemaOf('bytes', { name: LogicalName.Decimal, parameters: { scale: '2' } }) });
    const record = recordOf(schema, new ValueStruct(schema, [new Decimal(1234n, 2)]));
    const masked = async (config: Record<string, string>) => {
      const value =
        (await transformOf(`${connect}.MaskField$Value`, { fields: 'd', ...config })).apply(record)?.value ?? null;
      return isStruct(value) ? String(value.at(0)) : undefined;
    };
    expect(await masked({})).toBe('0.00');
    expect(await masked({ replacement: '7.125' })).toBe('7.12');
  });

  test('SetSchemaMetadata accepts schemas other than structs', async () => {
    const transform = await transformOf(`${connect}.SetSchemaMetadata$Value`, { 'schema.name': 'n' });
    expect(transform.apply(recordOf(schemaOf('string'), 'x'))).toMatchObject({
      valueSchema: { type: 'string', name: 'n' },
      value: 'x',
    });
  });

  test.each([
    ['Cast', { spec: 'o.i:int32,constructor:string' }],
    ['MaskField', { fields: 'o.i,constructor' }],
    ['TimestampConverter', { field: 'o.i', 'target.type': 'unix' }],
  ])('%s adds no field to a value without a schema', async (name, config) => {
    const value = { o: { i: '5' } };
    expect((await transformOf(`${connect}.${name}$Value`, config)).apply(recordOf(null, value))?.value).toEqual(value);
  });

  test('a timestamp beyond the JavaScript date range is rejected', async () => {
    const transform = await transformOf(`${connect}.TimestampConverter$Value`, { 'target.type': 'Timestamp' });
    expect(() => transform.apply(recordOf(schemaOf('int64'), 9007199254740993n))).toThrow(
      'A timestamp is out of range',
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ByteWriter, Schema, Struct, StructSchema, Value } from '../../src/api/index.ts';
import {
  Bytes,
  Decimal,
  Float64,
  isStruct,
  LogicalName,
  schemaOf,
  structOf,
  ValueStruct,
  withOptional,
} from '../../src/api/index.ts';
import { javaDouble, javaFloat } from '../../src/api/java-text.ts';
import { sameSchema, sameValue } from '../../src/data/schema-equality.ts';
import { DataError } from '../../src/errors.ts';
import { anySchema, anyValue, hostileText, schemaAndValue } from './arbitrary.ts';
import { converter } from './neutral.ts';

const envelope = converter({ 'replace.null.with.default': 'false' });
const plain = converter({ 'schemas.enable': 'false' });

const write = (c: typeof envelope, schema: Schema | null, value: Value) => {
  const out = new Bytes(8);
  return c.fromConnect('t', schema, value, out) ? out.take() : null;
};

/** Layout of JSON: blanks, order of members, unknown members. */
interface JsonLayout {
  blank(): string;
  members(list: string[]): string[];
}
const compact: JsonLayout = { blank: () => '', members: list => list };

function text(value: string): string {
  let out = '"';
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    const short = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 34: '\\"', 92: '\\\\' }[unit];
    const surrogate = unit >= 0xd800 && unit <= 0xdfff;
    if (short !== undefined) out += short;
    else if (unit < 32 || surrogate) out += `\\u${unit.toString(16).toUpperCase().padStart(4, '0')}`;
    else out += value.charAt(i);
  }
  return `${out}"`;
}

/** Slow reference implementation, which inspects each value. */
function reference(schema: Schema, value: Value, layout: JsonLayout = compact): string {
  const s = layout.blank;
  if (value === null) return 'null';
  if (value instanceof Decimal) {
    let hex = value.unscaled < 0n ? '' : value.unscaled.toString(16);
    for (let n = 8; hex === ''; n += 8)
      if (BigInt.asIntN(n, value.unscaled) === value.unscaled)
        hex = BigInt.asUintN(n, value.unscaled)
          .toString(16)
          .padStart(n / 4, '0');
    if (hex.length % 2 === 1) hex = `0${hex}`;
    if (value.unscaled >= 0n && Number.parseInt(hex.slice(0, 2), 16) > 127) hex = `00${hex}`;
    return `"${Buffer.from(hex, 'hex').toString('base64')}"`;
  }
  if (value instanceof Date) return String(value.getTime() / (schema.name === LogicalName.Date ? 86_400_000 : 1));
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`;
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') {
    if (schema.type.startsWith('int')) return String(value);
    if (!Number.isFinite(value)) return `"${value}"`;
    return schema.type === 'float32' ? javaFloat(value) : javaDouble(value);
  }
  if (schema.type === 'array')
    return `[${(value as Value[]).map(item => s() + reference(schema.items, item, layout) + s()).join(',')}]`;
  if (schema.type === 'map') {
    const entries = [...(value as ReadonlyMap<Value, Value>)].map(
      ([key, item]) => [reference(schema.keys, key, layout), reference(schema.values, item, layout)] as const,
    );
    return schema.keys.type === 'string'
      ? `{${entries.map(([k, v]) => `${s()}${k}${s()}:${s()}${v}${s()}`).join(',')}}`
      : `[${entries.map(([k, v]) => `${s()}[${k}${s()},${v}]`).join(',')}]`;
  }
  if (isStruct(value) && schema.type === 'struct') {
    const members = schema.fields.map(
      field => `${s()}${text(field.name)}${s()}:${s()}${reference(field.schema, value.at(field.index), layout)}${s()}`,
    );
    return `{${layout.members(members).join(',')}}`;
  }
  return String(value);
}

describe('JsonConverter', () => {
  test('writes the same JSON as the reference implementation', () => {
    fc.assert(
      fc.property(schemaAndValue, ({ schema, value }) => {
        expect(write(plain, schema, value)?.toString()).toBe(reference(schema, value));
      }),
    );
  });

  test('reads back the schema and value that it wrote', () => {
    fc.assert(
      fc.property(schemaAndValue, ({ schema, value }) => {
        const read = envelope.toConnect('t', write(envelope, schema, value));
        expect(read.schema !== null && sameSchema(read.schema, schema)).toBe(true);
        expect(sameValue(read.value, value)).toBe(true);
      }),
    );
  });

  test('reads any layout of the same members', () => {
    const formatted = schemaAndValue.chain(({ schema, value }) =>
      fc.gen().map(gen => {
        const layout: JsonLayout = {
          blank: () => gen(fc.constantFrom, '', '', ' ', '\n', '\t ', '\r\n'),
          members: list => {
            const unknown = gen(fc.constantFrom, [], ['"no such field":[{"a":"}]\\""},-1.5e3,null,true]']);
            return gen(fc.shuffledSubarray, [...list, ...unknown], { minLength: list.length + unknown.length });
          },
        };
        const bytes = String(write(envelope, schema, value));
        const schemaText = bytes.slice('{"schema":'.length, bytes.lastIndexOf(',"payload":'));
        const members = [`"schema":${JSON.stringify(JSON.parse(schemaText), null, gen(fc.constantFrom, 0, 1))}`];
        members.push(`"payload"${layout.blank()}:${layout.blank()}${reference(schema, value, layout)}`);
        const [first, second] = gen(fc.constantFrom, members, members.toReversed());
        return { schema, value, json: `{${layout.blank()}${first}${layout.blank()},${second}${layout.blank()}}` };
      }),
    );
    fc.assert(
      fc.property(formatted, ({ value, json }) => {
        expect(sameValue(envelope.toConnect('t', Buffer.from(json)).value, value)).toBe(true);
      }),
    );
  });

  test('one converter reads alternating records of several schemas into one schema object each', () => {
    const schemas = fc.array(anySchema, { minLength: 2, maxLength: 3 });
    const sequences = schemas.chain(list =>
      fc.array(
        fc
          .nat(list.length - 1)
          .chain(i => anyValue(list[i] as Schema).map(value => ({ i, schema: list[i] as Schema, value }))),
        { minLength: 2, maxLength: 10 },
      ),
    );
    fc.assert(
      fc.property(sequences, fc.boolean(), (list, oneTopic) => {
        const jsonConverter = converter({ 'replace.null.with.default': 'false' });
        const schemaByPrefix = new Map<string, Schema | null>();
        for (const { i, schema, value } of list) {
          const bytes = write(envelope, schema, value) as Buffer;
          const read = jsonConverter.toConnect(oneTopic ? 't' : `t${i}`, bytes);
          expect(sameValue(read.value, value)).toBe(true);
          const key = bytes.toString('latin1', 0, bytes.lastIndexOf(',"payload":'));
          expect(read.schema).toBe(schemaByPrefix.get(key) ?? read.schema);
          schemaByPrefix.set(key, read.schema);
        }
      }),
    );
  });

  test('truncated or corrupted bytes are read or rejected with a DataError', () => {
    fc.assert(
      fc.property(schemaAndValue, fc.nat(), fc.nat(255), ({ schema, value }, where, byte) => {
        const bytes = write(envelope, schema, value) as Buffer;
        const at = where % bytes.length;
        expect(() => envelope.toConnect('t', bytes.subarray(0, at))).toThrow(DataError);
        const corrupted = Buffer.from(bytes);
        corrupted[at] = byte;
        for (const c of [envelope, plain])
          try {
            c.toConnect('t', corrupted);
          } catch (error) {
            expect(error).toBeInstanceOf(DataError);
          }
      }),
    );
  });

  test('values without a schema survive, including integers beyond 2^53 and whole floats', () => {
    const { json } = fc.letrec<{ json: Value }>(tie => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, false, 0.1, -1.5e300, 2n ** 53n, -(2n ** 63n), 123456789012345678901234567890n),
        fc.maxSafeInteger().map(n => (Object.is(n, -0) ? 0 : n)),
        fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true })).map(Float64.of),
        hostileText,
        fc.array(tie('json'), { maxLength: 4 }),
        fc.dictionary(hostileText, tie('json'), { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<Value>,
      ),
    }));
    fc.assert(
      fc.property(json, value => {
        expect(sameValue(plain.toConnect('t', write(plain, null, value)).value, value)).toBe(true);
        if (value !== null)
          expect(sameValue(envelope.toConnect('t', write(envelope, null, value)).value, value)).toBe(true);
      }),
    );
  });

  test.each([
    ['nesting', `${'['.repeat(1001)}${']'.repeat(1001)}`],
    ['a long number', '1'.repeat(1001)],
    [
      'a huge decimal',
      '{"schema":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal"},"payload":1e999999999}',
    ],
    ['a huge integer', '{"schema":{"type":"int64"},"payload":1e999999999}'],
  ])('%s is rejected without excessive work', (_name, json) => {
    for (const c of [envelope, plain])
      try {
        c.toConnect('t', Buffer.from(json));
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    expect(() =>
      envelope.toConnect(
        't',
        Buffer.from(json.startsWith('{') ? json : `{"schema":{"type":"int64"},"payload":${json}}`),
      ),
    ).toThrow(DataError);
  });

  test('null without a schema is written as null bytes, and null bytes are read as null', () => {
    expect(write(envelope, null, null)).toBeNull();
    expect(write(plain, null, null)).toBeNull();
    expect(envelope.toConnect('t', null)).toEqual({ schema: null, value: null });
    expect(plain.toConnect('t', null)).toEqual({ schema: null, value: null });
    expect(write(plain, schemaOf('string', { optional: true }), null)?.toString()).toBe('null');
  });
});

describe("a struct's own JSON", () => {
  class StructWithJson implements Struct {
    readonly schema: StructSchema;
    constructor(schema: StructSchema) {
      this.schema = schema;
    }
    at(): Value {
      return this.schema.byName.has('amount') ? new Decimal(5n, 2) : 'slow';
    }
    json(out: ByteWriter): void {
      out.ascii('{"own":true}');
    }
  }
  const row = structOf({ a: schemaOf('string') });
  const money = structOf({
    amount: schemaOf('bytes', { name: LogicalName.Decimal, parameters: { scale: '2' } }),
  });
  const defaulted = structOf({ a: schemaOf('string', { optional: true, default: 'x' }) });
  const writeWith = (props: Record<string, string>, schema: StructSchema) =>
    write(converter({ 'schemas.enable': 'false', ...props }), schema, new StructWithJson(schema))?.toString();

  test('is used if the settings make no difference, at every level', () => {
    expect(writeWith({}, row)).toBe('{"own":true}');
    expect(writeWith({ 'decimal.format': 'NUMERIC', 'replace.null.with.default': 'false' }, row)).toBe('{"own":true}');
    const outer = structOf({ after: withOptional(row, true), op: schemaOf('string') });
    expect(write(plain, outer, new ValueStruct(outer, [new StructWithJson(row), 'c']))?.toString()).toBe(
      '{"after":{"own":true},"op":"c"}',
    );
  });

  test('is not used if they do', () => {
    expect(writeWith({ 'decimal.format': 'NUMERIC' }, money)).toBe('{"amount":0.05}');
    expect(writeWith({}, money)).toBe('{"own":true}');
    expect(writeWith({ 'replace.null.with.default': 'false' }, defaulted)).toBe('{"a":"slow"}');
  });

  test('is not used for a struct of another schema', () => {
    expect(() => write(plain, row, new StructWithJson(money))).toThrow('Mismatching schema.');
  });
});

test('Java number texts read back as the same number', () => {
  fc.assert(
    fc.property(fc.double(), value => {
      const printed = javaDouble(value);
      expect(Number(printed)).toBe(value);
      if (Number.isFinite(value)) expect(printed).toMatch(/^-?(\d+\.\d+|\d\.\d+E-?\d+)$/);
    }),
  );
  fc.assert(
    fc.property(fc.float(), value => {
      expect(Math.fround(Number(javaFloat(value)))).toBe(value);
    }),
  );
});

import { expect } from 'vitest';
import type { Header, Schema, SinkRecord, Transform, Value } from '../../src/api/index.ts';
import { Float64 } from '../../src/api/index.ts';
import { decimalOf } from '../../src/data/decimal.ts';
import { sameSchema, sameValue } from '../../src/data/schema-equality.ts';
import { transforms } from '../../src/transforms/index.ts';
import type { Neutral, NeutralSchema } from '../converters/neutral.ts';
import { readLines, schemaFrom, valueFrom } from '../converters/neutral.ts';

/**
 * Golden files with the results of the transforms of Kafka Connect 4.3.1 and Debezium 3.7.0. A file contains schemas, then
 * records, then cases; records refer to schemas, and cases to records, by index.
 */
type PackedSchema = Omit<NeutralSchema, 'fields'> & { readonly fields?: readonly (readonly [string, number])[] };

interface NeutralRecord {
  readonly topic: string;
  readonly partition: number;
  readonly keySchema: number | null;
  readonly key: Neutral;
  readonly valueSchema: number | null;
  readonly value: Neutral;
  readonly timestamp: number | null;
  readonly offset: number;
  readonly headers: readonly (readonly [string, number | null, Neutral])[];
}
interface NeutralCase {
  readonly type: string;
  readonly config: Readonly<Record<string, string>>;
  readonly in: number;
  readonly out?: number | null;
  readonly error?: string;
}
type Line = { readonly schema: PackedSchema } | { readonly record: NeutralRecord } | { readonly case: NeutralCase };

export interface TransformCase {
  readonly name: string;
  readonly type: string;
  readonly config: Readonly<Record<string, string>>;
  readonly record: SinkRecord;
  readonly out: SinkRecord | null | undefined;
  readonly error: string | undefined;
}

export function transformCases(file: string): TransformCase[] {
  const lines = readLines<Line>(new URL(`golden/${file}`, import.meta.url));
  const unpacked: NeutralSchema[] = [];
  for (const line of lines) if ('schema' in line) unpacked.push(unpack(line.schema, unpacked));
  const schemas = unpacked.map(schemaFrom);
  const records = lines.flatMap(line => ('record' in line ? [recordFrom(line.record, schemas)] : []));
  return lines.flatMap(line => {
    if (!('case' in line)) return [];
    const { type, config, in: index, out, error } = line.case;
    const name = `record ${index}: ${type.slice(type.lastIndexOf('.') + 1)} ${JSON.stringify(config)}`;
    const result = out === undefined || out === null ? out : records[out];
    return [{ name, type, config, record: records[index] as SinkRecord, out: result, error }];
  });
}

function unpack({ fields, ...schema }: PackedSchema, schemas: readonly NeutralSchema[]): NeutralSchema {
  if (fields === undefined) return schema;
  return { ...schema, fields: fields.map(([name, index]) => [name, schemas[index] as NeutralSchema] as const) };
}

function recordFrom(r: NeutralRecord, schemas: readonly Schema[]): SinkRecord {
  const schemaOf = (index: number | null): Schema | null => (index === null ? null : (schemas[index] as Schema));
  const valueBy = (schema: Schema | null, value: Neutral) =>
    schema === null ? schemalessValue(value) : valueFrom(schema, value);
  const [keySchema, valueSchema] = [schemaOf(r.keySchema), schemaOf(r.valueSchema)];
  return {
    topic: r.topic,
    partition: r.partition,
    keySchema,
    key: valueBy(keySchema, r.key),
    valueSchema,
    value: valueBy(valueSchema, r.value),
    timestamp: r.timestamp,
    headers: r.headers.map(([key, index, value]): Header => {
      const schema = schemaOf(index);
      return { key, schema, value: valueBy(schema, value) };
    }),
    offset: r.offset,
    originalTopic: 'before',
    originalPartition: 0,
  };
}

/** A value without a schema; the notation contains its Java type. */
function schemalessValue(n: Neutral): Value {
  if (n === null || typeof n !== 'object') return n;
  if (Array.isArray(n)) return n.map(schemalessValue);
  const o = n as { readonly [type: string]: Neutral };
  if (o['map'] !== undefined)
    return Object.fromEntries(
      (o['map'] as readonly [string, Neutral][]).map(([key, value]) => [key, schemalessValue(value)]),
    );
  if (o['date'] !== undefined) return new Date(Number(o['date']));
  if (o['decimal'] !== undefined) return decimalOf(String(o['decimal']));
  if (o['bytes'] !== undefined) return Buffer.from(String(o['bytes']), 'hex');
  const long = o['long'];
  if (long === undefined) return Float64.of(Number(o['double']));
  return Number.isSafeInteger(Number(long)) ? Number(long) : BigInt(String(long));
}

export async function transformOf(type: string, config: Readonly<Record<string, string>>): Promise<Transform> {
  const entry = transforms.find(({ names }) => names.includes(type));
  if (entry === undefined) throw new Error(`no transform ${type}`);
  const factory = await entry.load();
  const { config: read, errors } = factory.config.check(config);
  if (read === undefined) throw new Error([...errors.values()].flat().join(' '));
  return factory.create(read);
}

/** Applies the transform of a case and compares the result. */
export async function expectCase({ type, config, record, out, error }: TransformCase): Promise<void> {
  if (error !== undefined) {
    const apply = async () => (await transformOf(type, config)).apply(record);
    await expect(apply()).rejects.toThrow(/./);
    return;
  }
  const result = (await transformOf(type, config)).apply(record);
  if (out === null || out === undefined || result === null) {
    expect(result).toBe(out);
    return;
  }
  expectSchema(result.keySchema, out.keySchema);
  expectSchema(result.valueSchema, out.valueSchema);
  expectValue(result.key, out.key);
  expectValue(result.value, out.value);
  const { topic, partition, timestamp, offset } = out;
  expect(result).toMatchObject({ topic, partition, timestamp, offset, originalTopic: 'before', originalPartition: 0 });
  expect(result.headers.map(header => header.key)).toEqual(out.headers.map(header => header.key));
  for (const [i, header] of out.headers.entries()) {
    expectSchema(result.headers[i]?.schema ?? null, header.schema);
    expectValue(result.headers[i]?.value ?? null, header.value);
  }
}

function expectSchema(actual: Schema | null, expected: Schema | null): void {
  if (actual === null || expected === null) expect(actual).toBe(expected);
  else if (!sameSchema(actual, expected)) expect(actual).toEqual(expected);
}

function expectValue(actual: Value, expected: Value): void {
  if (!sameValue(actual, expected)) expect(actual).toEqual(expected);
}

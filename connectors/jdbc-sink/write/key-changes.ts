import {
  Decimal,
  Float64,
  get,
  type Header,
  isStruct,
  LogicalName,
  type SinkRecord,
  type Value,
} from '../../../src/api/index.ts';
import { isPlainObject } from '../values/literal.ts';
import { type Key, keyOfValue, type PlanColumn, type WritePlan } from './write-plan.ts';

/** A row whose key changes, with values of the plan's key columns. */
export interface KeyChange {
  readonly record: SinkRecord;
  readonly index: number;
  readonly old: readonly Value[];
  readonly new: readonly Value[];
}

/** The last header of a name. */
export function keyHeader({ headers }: SinkRecord, name: string): Header | undefined {
  return headers.length === 0 ? undefined : headers.findLast(({ key }) => key === name);
}

/** The key's values in a header; undefined if they cannot be read. */
export function headerKey({ keys }: WritePlan, header: Header): readonly Value[] | undefined {
  // The text preserves all digits of a float, and text that looks like a date.
  const value = header.text ?? header.value;
  const members = membersOf(value);
  if (members === undefined) return undefined;
  const values = keys.map(key => {
    const member = members(key.name);
    if (typeof member === 'string' && typeof value === 'string') return parseKeyValue(member, key);
    return member instanceof Float64 ? member.value : member;
  });
  return values.every(member => member !== undefined && member !== null) ? (values as Value[]) : undefined;
}

function membersOf(value: Value): ((name: string) => Value | undefined) | undefined {
  if (isStruct(value)) return name => get(value, name);
  if (value instanceof Map) return name => (value as ReadonlyMap<Value, Value>).get(name);
  if (typeof value === 'string') {
    const tokens = parseHeaderText(value);
    return tokens && (name => tokens.get(name));
  }
  if (!isPlainObject(value)) return undefined;
  const members = new Map(Object.entries(value));
  return name => members.get(name);
}

const MEMBER = /"((?:[^"\\]|\\.)*)":("(?:[^"\\]|\\.)*"|[^",{}[\]]+)([,}])/suy;

/** Members of a struct in SimpleHeaderConverter's format, with unparsed values; undefined for other text. */
function parseHeaderText(text: string): ReadonlyMap<string, string> | undefined {
  if (!text.startsWith('{')) return undefined;
  const tokens = new Map<string, string>();
  MEMBER.lastIndex = 1;
  for (;;) {
    const match = MEMBER.exec(text);
    if (match === null) return undefined;
    const [, name = '', token = '', end] = match;
    tokens.set(removeEscapes(name), token);
    if (end === '}') return MEMBER.lastIndex === text.length ? tokens : undefined;
  }
}

const removeEscapes = (text: string): string => text.replace(/\\(.)/gsu, '$1');

/** Parses the text of a key value in a header by the key column's schema. */
function parseKeyValue(token: string, { schema }: PlanColumn): Value | undefined {
  const quoted = token.startsWith('"') ? removeEscapes(token.slice(1, -1)) : undefined;
  switch (schema?.type) {
    case 'string':
      return quoted;
    case 'bytes':
      if (schema.name === LogicalName.Decimal) return parseDecimal(token, Number(schema.parameters?.['scale'] ?? 0));
      return quoted === undefined ? undefined : Buffer.from(quoted, 'base64');
    case 'boolean':
      return token === 'true';
    case 'int64':
      if (schema.name === LogicalName.Timestamp) return parseDate(token);
      return /^-?\d+$/.test(token) ? BigInt(token) : undefined;
    case 'int32':
      if (schema.name === LogicalName.Date || schema.name === LogicalName.Time) return parseDate(token);
      return parseNumber(token);
    case 'int8':
    case 'int16':
    case 'float32':
    case 'float64':
      return parseNumber(token);
    case undefined:
      return quoted ?? parseNumber(token);
    default:
      return undefined;
  }
}

function parseNumber(token: string): number | undefined {
  const value = Number(token);
  return Number.isNaN(value) ? undefined : value;
}

function parseDecimal(token: string, scale: number): Decimal | undefined {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(token);
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  return fraction.length > scale ? undefined : new Decimal(BigInt(whole + fraction.padEnd(scale, '0')), scale);
}

function parseDate(token: string): Date | undefined {
  const value = new Date(/^\d\d:/.test(token) ? `1970-01-01T${token}` : token);
  return Number.isNaN(value.getTime()) ? undefined : value;
}

/** The key of key values, equal to the plan's `keyOf`. */
export const keyOfValues = ({ keys }: WritePlan, values: readonly Value[]): Key =>
  keys.length === 1
    ? keyOfValue(values[0] as Value, keys[0] as PlanColumn)
    : keys.map((key, i) => String(keyOfValue(values[i] as Value, key))).join('\0');

/** Values of a record's key. */
export const keyValues = (
  { keys }: WritePlan,
  record: SinkRecord,
  row: Parameters<PlanColumn['accessor']['value']>[1],
): Value[] => keys.map(({ accessor: origin }) => origin.value(record, row));

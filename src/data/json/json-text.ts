import type { ByteWriter, Schema, Value } from '../../api/index.ts';
import { Decimal, isStruct, javaDouble, javaFloat } from '../../api/index.ts';
import { twosComplement } from '../decimal.ts';

/**
 * JSON as JsonConverter writes it with its default settings: functions for column codecs, which write it directly from the
 * database's text, and a general writer for values (arrays, geometry, defaults).
 */
const QUOTE = 0x22;
const MINUS = 0x2d;
const ZERO = 0x30;
const PAD = 0x3d;
const E7 = 10_000_000;

export const NULL_TEXT = Buffer.from('null');
const TRUE_TEXT = Buffer.from('true');
const FALSE_TEXT = Buffer.from('false');
const STANDARD = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const URL_SAFE = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');

export function writeBoolean(out: ByteWriter, value: boolean): void {
  out.raw(value ? TRUE_TEXT : FALSE_TEXT);
}

/** Writes an integer from 0 to 2^53 - 1. */
export function writeUint(out: ByteWriter, value: number): void {
  out.reserve(17);
  if (value < E7) {
    out.length = digits(out.buffer, out.length, value);
    return;
  }
  const high = Math.floor(value / E7);
  const low = value - high * E7;
  if (high < E7) out.length = digits(out.buffer, out.length, high);
  else {
    const top = Math.floor(high / E7);
    out.length = digits(out.buffer, out.length, top);
    fixedDigits(out.buffer, out.length, high - top * E7, 7);
    out.length += 7;
  }
  fixedDigits(out.buffer, out.length, low, 7);
  out.length += 7;
}

/** Writes seconds × 10^width + fraction, exactly even beyond 2^53. fraction: 0 to 10^width - 1. width: at most 9. */
export function writeScaled(out: ByteWriter, seconds: number, fraction: number, width: number): void {
  let whole = seconds;
  let rest = fraction;
  if (seconds < 0) {
    if (rest > 0) {
      whole += 1;
      rest = 10 ** width - rest;
    }
    whole = -whole;
    out.reserve(1);
    out.buffer[out.length++] = MINUS;
  }
  if (whole === 0 || width === 0) {
    writeUint(out, whole === 0 ? rest : whole);
    return;
  }
  writeUint(out, whole);
  out.reserve(width);
  fixedDigits(out.buffer, out.length, rest, width);
  out.length += width;
}

export function writeInteger(out: ByteWriter, value: number): void {
  writeScaled(out, value, 0, 0);
}

/** Writes a number below 10^7 without leading zeros. Returns the index after it. */
function digits(buffer: Buffer, at: number, value: number): number {
  let rest = value | 0;
  let count = 1;
  for (let limit = 10; rest >= limit; limit *= 10) count++;
  const end = at + count;
  for (let i = end - 1; i >= at; i--) {
    const tens = (rest / 10) | 0;
    buffer[i] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return end;
}

/** Writes a number with leading zeros. value: below 2^31. */
export function fixedDigits(buffer: Buffer, at: number, value: number, width: number): void {
  let rest = value | 0;
  for (let i = at + width - 1; i >= at; i--) {
    const tens = (rest / 10) | 0;
    buffer[i] = ZERO + rest - tens * 10;
    rest = tens;
  }
}

/** Writes a JSON string of bytes that need no escaping. */
export function writeQuoted(out: ByteWriter, source: Uint8Array, start: number, end: number): void {
  const n = end - start;
  out.reserve(n + 2);
  const { buffer } = out;
  let at = out.length;
  buffer[at++] = QUOTE;
  for (let i = start; i < end; i++) buffer[at++] = source[i] as number;
  buffer[at++] = QUOTE;
  out.length = at;
}

/** Writes a JSON string of bytes in base64. */
export function writeBase64(out: ByteWriter, source: Uint8Array, start: number, end: number, urlSafe = false): void {
  const n = end - start;
  out.reserve(Math.ceil(n / 3) * 4 + 2);
  const alphabet = urlSafe ? URL_SAFE : STANDARD;
  const { buffer } = out;
  let at = out.length;
  buffer[at++] = QUOTE;
  for (let i = start; i < end; i += 3) {
    const a = source[i] as number;
    const b = i + 1 < end ? (source[i + 1] as number) : 0;
    const c = i + 2 < end ? (source[i + 2] as number) : 0;
    buffer[at++] = alphabet[a >> 2] as number;
    buffer[at++] = alphabet[((a & 3) << 4) | (b >> 4)] as number;
    buffer[at++] = i + 1 < end ? (alphabet[((b & 15) << 2) | (c >> 6)] as number) : PAD;
    buffer[at++] = i + 2 < end ? (alphabet[c & 63] as number) : PAD;
  }
  buffer[at++] = QUOTE;
  out.length = at;
}

const scratch = new Uint8Array(8);

/** Writes a safe integer like a Decimal's bytes: big-endian two's complement with the fewest bytes, in base64. */
export function writeDecimal(out: ByteWriter, unscaled: number): void {
  let length = 1;
  for (let limit = 128; unscaled < -limit || unscaled >= limit; limit *= 256) length++;
  let rest = unscaled;
  for (let i = length - 1; i >= 0; i--) {
    const next = Math.floor(rest / 256);
    scratch[i] = rest - next * 256;
    rest = next;
  }
  writeBase64(out, scratch, 0, length);
}

/** Writes a value that matches its schema. */
export function writeJson(out: ByteWriter, schema: Schema, value: Value | undefined): void {
  if (value === null || value === undefined) {
    if (schema.default === undefined || schema.default === null) out.raw(NULL_TEXT);
    else writeJson(out, schema, schema.default);
    return;
  }
  if (typeof value === 'string') out.jsonText(value);
  else if (typeof value === 'boolean') writeBoolean(out, value);
  else if (typeof value === 'bigint') out.ascii(String(value));
  else if (typeof value === 'number') out.ascii(Number.isFinite(value) ? numberText(schema, value) : `"${value}"`);
  else if (value instanceof Uint8Array) writeBase64(out, value, 0, value.length);
  else if (value instanceof Decimal) {
    const bytes = twosComplement(value.unscaled);
    writeBase64(out, bytes, 0, bytes.length);
  } else if (value instanceof Date) writeInteger(out, dateNumber(schema, value));
  else writeCompound(out, schema, value);
}

function numberText({ type }: Schema, value: number): string {
  if (type === 'float64') return javaDouble(value);
  return type === 'float32' ? javaFloat(Math.fround(value)) : String(value);
}

const dateNumber = (schema: Schema, value: Date): number =>
  schema.name === 'org.apache.kafka.connect.data.Date' ? Math.floor(value.getTime() / 86_400_000) : value.getTime();

function writeCompound(out: ByteWriter, schema: Schema, value: Value): void {
  let isFirst = true;
  const separate = () => {
    if (!isFirst) out.ascii(',');
    isFirst = false;
  };
  if (schema.type === 'array') {
    out.ascii('[');
    for (const item of value as readonly Value[]) {
      separate();
      writeJson(out, schema.items, item);
    }
    out.ascii(']');
  } else if (schema.type === 'map') {
    // Maps of column types have text keys, which become member names.
    out.ascii('{');
    for (const [key, item] of value as ReadonlyMap<Value, Value>) {
      separate();
      out.jsonText(String(key));
      out.ascii(':');
      writeJson(out, schema.values, item);
    }
    out.ascii('}');
  } else if (schema.type === 'struct' && isStruct(value)) {
    out.ascii('{');
    for (const field of schema.fields) {
      separate();
      out.jsonText(field.name);
      out.ascii(':');
      writeJson(out, field.schema, value.at(field.index));
    }
    out.ascii('}');
  } else throw new TypeError(`a value does not match its schema ${schema.name ?? schema.type}`);
}

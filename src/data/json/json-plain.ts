import type { ByteWriter, Value } from '../../api/index.ts';
import { Decimal, Float64, isStruct, javaDouble } from '../../api/index.ts';
import { DataError } from '../../errors.ts';
import { kindOfValue } from '../schema-equality.ts';
import { isNestedDeeper, JsonReader, MAX_DEPTH } from './json-reader.ts';

/** Appends a value without a schema: the types that JSON.parse returns, and bigint, bytes and Map. Throws DataError. */
export function writePlain(value: Value | undefined, out: ByteWriter): void {
  switch (typeof value) {
    case 'string':
      out.jsonText(value);
      return;
    case 'number':
      out.ascii(
        Number.isSafeInteger(value) ? String(value) : Number.isFinite(value) ? javaDouble(value) : `"${value}"`,
      );
      return;
    case 'bigint':
    case 'boolean':
      out.ascii(String(value));
      return;
    case 'undefined':
      out.ascii('null');
      return;
  }
  if (value === null) out.ascii('null');
  else if (Array.isArray(value)) {
    out.ascii('[');
    value.forEach((item: Value, i) => {
      if (i > 0) out.ascii(',');
      writePlain(item, out);
    });
    out.ascii(']');
  } else if (value instanceof Uint8Array) out.ascii(`"${Buffer.from(value).toString('base64')}"`);
  else if (value instanceof Float64) out.ascii(javaDouble(value.value));
  else if (value instanceof Map) writeMap(value, out);
  else if (isStruct(value)) throw new DataError('Mismatching schema.');
  else if (value instanceof Date || value instanceof Decimal)
    throw new DataError(`A ${kindOfValue(value)} without a schema does not have a corresponding schema type.`);
  else {
    let separator = '{';
    for (const [name, item] of Object.entries(value)) {
      out.ascii(separator);
      separator = ',';
      out.jsonText(name);
      out.ascii(':');
      writePlain(item as Value, out);
    }
    out.ascii(separator === '{' ? '{}' : '}');
  }
}

/** Writes an object if every key is a string, otherwise an array of pairs. */
function writeMap(map: ReadonlyMap<Value, Value>, out: ByteWriter): void {
  const asObject = [...map.keys()].every(key => typeof key === 'string');
  let separator = asObject ? '{' : '[';
  out.ascii(map.size === 0 ? separator : '');
  for (const [key, item] of map) {
    out.ascii(asObject ? separator : `${separator}[`);
    separator = ',';
    writePlain(key, out);
    out.ascii(asObject ? ':' : ',');
    writePlain(item, out);
    if (!asObject) out.ascii(']');
  }
  out.ascii(asObject ? '}' : ']');
}

/**
 * Matches numbers that JSON.parse may change: digits beyond the precision of a double, and floats without a fraction. A match in a
 * string only costs time.
 */
const changedByJsonParse = /\d{16}|[[:,\s]-?\d+(?:\.0+(?!\d)|(?:\.\d+)?[eE])|^-?\d+(?:\.0+$|(?:\.\d+)?[eE])/;

/**
 * Reads bytes[start, end) as a value without a schema: integers beyond 2^53 as bigint, floats without a fraction as Float64,
 * anything else like JSON.parse. Throws DataError.
 */
export function readPlain(bytes: Buffer, start: number, end: number): Value {
  const text = bytes.toString('utf8', start, end);
  try {
    if (!text.includes('\ufffd') && !changedByJsonParse.test(text) && !isNestedDeeper(bytes, start, end, MAX_DEPTH))
      return JSON.parse(text) as Value;
  } catch {
    // The reader below accepts Jackson's extensions of JSON (leading zeros), or reports the position of the error.
  }
  const reader = new JsonReader();
  reader.open(bytes, start, end);
  reader.space();
  const value = reader.any();
  reader.finish();
  return value;
}

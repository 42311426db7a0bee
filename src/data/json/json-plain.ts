import type { ByteWriter, Value } from '../../api/index.ts';
import { Decimal, Float64, isStruct, javaDouble } from '../../api/index.ts';
import { DataError } from '../../errors.ts';
import { kindOfValue } from '../schema-equality.ts';
import { isNestedDeeper, JsonReader, MAX_DEPTH } from './json-reader.ts';

/** Appends a value that has no schema: what JSON.parse gives, and bigint, bytes and Map beside it. Throws DataError. */
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
    let lead = '{';
    for (const [name, item] of Object.entries(value)) {
      out.ascii(lead);
      lead = ',';
      out.jsonText(name);
      out.ascii(':');
      writePlain(item as Value, out);
    }
    out.ascii(lead === '{' ? '{}' : '}');
  }
}

/** An object where every key is a string, else an array of pairs. */
function writeMap(map: ReadonlyMap<Value, Value>, out: ByteWriter): void {
  const asObject = [...map.keys()].every(key => typeof key === 'string');
  let lead = asObject ? '{' : '[';
  out.ascii(map.size === 0 ? lead : '');
  for (const [key, item] of map) {
    out.ascii(asObject ? lead : `${lead}[`);
    lead = ',';
    writePlain(key, out);
    out.ascii(asObject ? ':' : ',');
    writePlain(item, out);
    if (!asObject) out.ascii(']');
  }
  out.ascii(asObject ? '}' : ']');
}

/**
 * Numbers that JSON.parse would change: a run of digits that a double may not hold, and a float that may be whole. In a
 * string it costs time, not truth.
 */
const changed = /\d{16}|[[:,\s]-?\d+(?:\.0+(?!\d)|(?:\.\d+)?[eE])|^-?\d+(?:\.0+$|(?:\.\d+)?[eE])/;

/**
 * Reads bytes[start, end) as a value without a schema: integers beyond 2^53 are bigint, floats of a whole value Float64, all
 * else as JSON.parse has it. Throws DataError.
 */
export function readPlain(bytes: Buffer, start: number, end: number): Value {
  const text = bytes.toString('utf8', start, end);
  try {
    if (!text.includes('\ufffd') && !changed.test(text) && !isNestedDeeper(bytes, start, end, MAX_DEPTH))
      return JSON.parse(text) as Value;
  } catch {
    // The reader below takes what Jackson takes beyond JSON (leading zeros), or says where the fault is.
  }
  const reader = new JsonReader();
  reader.open(bytes, start, end);
  reader.space();
  const value = reader.any();
  reader.finish();
  return value;
}

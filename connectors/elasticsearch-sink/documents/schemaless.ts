import type { ByteWriter, Value } from '../../../src/api/index.ts';
import { Decimal, Float64, isStruct } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';
import { base64, double, integer } from './floats.ts';

/** Appends a value that has no schema, as JSON. Throws DataError. */
export function writePlain(value: Value | undefined, out: ByteWriter): void {
  switch (typeof value) {
    case 'string':
      out.jsonText(value);
      return;
    case 'number':
      if (Number.isSafeInteger(value)) integer(out, value);
      else double(out, value);
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
    for (let i = 0; i < value.length; i++) {
      if (i > 0) out.ascii(',');
      writePlain(value[i] as Value, out);
    }
    out.ascii(']');
  } else if (value instanceof Uint8Array) base64(out, value);
  else if (value instanceof Map) members([...value], out);
  else if (value instanceof Date) integer(out, value.getTime());
  else if (value instanceof Float64) double(out, value.value);
  else if (value instanceof Decimal) out.ascii(value.toString());
  else if (isStruct(value)) throw new DataError('A struct without a schema around it cannot be made a document.');
  else members(Object.entries(value), out);
}

function members(entries: readonly (readonly [unknown, unknown])[], out: ByteWriter): void {
  let lead = '{';
  for (const [name, item] of entries) {
    out.ascii(lead);
    lead = ',';
    out.jsonText(String(name));
    out.ascii(':');
    writePlain(item as Value, out);
  }
  out.ascii(lead === '{' ? '{}' : '}');
}

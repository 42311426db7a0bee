import type { ByteWriter, Value } from '../../../src/api/index.ts';
import { Decimal, Float64, isStruct } from '../../../src/api/index.ts';
import { base64, integer } from '../../../src/data/json/json-bytes.ts';
import { DataError } from '../../../src/errors.ts';
import { double } from './floats.ts';

/** Appends a schemaless value as JSON. Throws DataError. */
export function writeSchemaless(value: Value | undefined, out: ByteWriter): void {
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
      writeSchemaless(value[i] as Value, out);
    }
    out.ascii(']');
  } else if (value instanceof Uint8Array) base64(out, value);
  else if (value instanceof Map) writeMembers([...value], out);
  else if (value instanceof Date) integer(out, value.getTime());
  else if (value instanceof Float64) double(out, value.value);
  else if (value instanceof Decimal) out.ascii(value.toString());
  else if (isStruct(value)) throw new DataError('A struct inside a schemaless value cannot be written to a document.');
  else writeMembers(Object.entries(value), out);
}

function writeMembers(entries: readonly (readonly [unknown, unknown])[], out: ByteWriter): void {
  let lead = '{';
  for (const [name, item] of entries) {
    out.ascii(lead);
    lead = ',';
    out.jsonText(String(name));
    out.ascii(':');
    writeSchemaless(item as Value, out);
  }
  out.ascii(lead === '{' ? '{}' : '}');
}

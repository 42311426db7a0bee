import { Bytes } from '../api/bytes.ts';
import { Decimal, type Header, isStruct, type Value } from '../api/index.ts';
import type { RawHeader } from '../kafka/port.ts';

/**
 * A header as `org.apache.kafka.connect.storage.SimpleHeaderConverter` writes it: text as it is, everything else as
 * JSON-like text. Headers are few; nothing here is compiled.
 */
export function headerBytes(header: Header): RawHeader {
  const { key, value } = header;
  if (value === null) return { key, value: null };
  return { key, value: typeof value === 'string' ? Buffer.from(value) : Buffer.from(text(value)) };
}

/** A header read from Kafka: its text, without a schema. */
export function headerValue(raw: RawHeader): Header {
  return { key: raw.key, schema: null, value: raw.value === null ? null : Buffer.from(raw.value).toString() };
}

function text(value: Value): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Decimal || typeof value === 'bigint') return value.toString();
  return JSON.stringify(plain(value));
}

/** Digits without quotes, whatever their number. */
const rawNumber = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

function plain(value: Value | undefined): unknown {
  if (typeof value === 'bigint') return rawNumber(value.toString());
  if (value === null || value === undefined || typeof value !== 'object') return value;
  if (isStruct(value)) {
    if (value.json) {
      const out = new Bytes(256);
      value.json(out);
      return JSON.parse(out.view().toString());
    }
    return Object.fromEntries(value.schema.fields.map(field => [field.name, plain(value.at(field.index))]));
  }
  if (value instanceof Uint8Array || value instanceof Date || value instanceof Decimal) return text(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [String(k), plain(v)]));
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
}

import { createHash } from 'node:crypto';
import type { Schema, Value } from '../../../src/api/index.ts';
import { unavailable } from '../config/settings.ts';

const bytes = Buffer.from(unavailable);
/** For arrays of UUIDs Debezium makes one of the placeholder, as Java's `UUID.nameUUIDFromBytes` does. */
const uuid = nameUuid(bytes);

function nameUuid(name: Buffer): string {
  const hash = createHash('md5').update(name).digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x30;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const types: ReadonlySet<Schema['type']> = new Set(['string', 'bytes', 'array', 'map']);

/** Whether a field of this schema may hold the placeholder: what PostgreSQL keeps out of line is of such types. */
export const canBeUnavailable = (schema: Schema): boolean => types.has(schema.type);

/** Whether a value is the placeholder in one of the forms in which Debezium writes it. */
export function isUnavailable(value: Value): boolean {
  if (typeof value === 'string') return value.length === unavailable.length && value === unavailable;
  if (value === null || typeof value !== 'object') return false;
  if (value instanceof Uint8Array) return value.length === bytes.length && bytes.equals(value);
  if (value instanceof Map) return value.size === 1 && value.has(unavailable);
  if (!Array.isArray(value)) return false;
  if (value.length === 1) return value[0] === unavailable || value[0] === uuid;
  return value.length === bytes.length && value.every((item, i) => Number(item) === bytes[i]);
}

import type { Schema, SinkRecord, Value } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';

/** Java's Long.MAX_VALUE. */
const MAX_VERSION = 2n ** 63n - 1n;

/** Document id of a record's key. Throws DataError for a key that cannot be an id; the server checks its length. */
export function idOfKey(schema: Schema | null, key: Value): string {
  if (key === null || key === undefined) throw new DataError('Key is used as document id and can not be null.');
  const id = textOf(schema, key);
  if (id === '') throw new DataError('Key is used as document id and can not be empty.');
  return id;
}

function textOf(schema: Schema | null, key: Value): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'bigint' || (typeof key === 'number' && Number.isSafeInteger(key) && !isFloat(schema)))
    return String(key);
  const type = schema?.type ?? (Array.isArray(key) ? 'array' : typeof key);
  throw new DataError(
    `${type.toUpperCase()} is not supported as the document id. Extract a field with the transform ExtractField$Key, ` +
      'or set key.ignore=true.',
  );
}

const isFloat = (schema: Schema | null) => schema?.type === 'float32' || schema?.type === 'float64';

/** Version in a header as a JSON number, without leading zeros. Throws DataError. */
export function versionOf(record: SinkRecord, header: string): string {
  const value = record.headers.findLast(each => each.key === header)?.value;
  const text = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string' ? `${value}` : '';
  const version = /^\d{1,19}$/.test(text) ? BigInt(text) : MAX_VERSION + 1n;
  // A version out of range would fail the whole request.
  if (version > MAX_VERSION)
    throw new DataError(`The header ${header} must contain the version, a whole number from 0 to 2^63-1.`);
  return version.toString();
}

import type { Schema, SinkRecord, Value } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';

/** Bytes of an id at most (https://www.elastic.co/guide/en/elasticsearch/reference/7.17/mapping-id-field.html). */
const LONGEST = 512;

/** The document's id out of a record's key. Throws DataError for a key that cannot be one. */
export function idOfKey(schema: Schema | null, key: Value): string {
  if (key === null || key === undefined) throw new DataError('Key is used as document id and can not be null.');
  const id = textOf(schema, key);
  if (id === '') throw new DataError('Key is used as document id and can not be empty.');
  // No character has more than three bytes for each of its code units.
  if (id.length * 3 > LONGEST && Buffer.byteLength(id) > LONGEST)
    throw new DataError(`Key is used as document id and can not be longer than ${LONGEST} bytes.`);
  return id;
}

function textOf(schema: Schema | null, key: Value): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'bigint' || (typeof key === 'number' && Number.isSafeInteger(key) && !isFloat(schema)))
    return String(key);
  const type = schema?.type ?? (Array.isArray(key) ? 'array' : typeof key);
  throw new DataError(
    `${type.toUpperCase()} is not supported as the document id. Take a field of it by the transform ExtractField$Key, ` +
      'or set key.ignore=true.',
  );
}

const isFloat = (schema: Schema | null) => schema?.type === 'float32' || schema?.type === 'float64';

/** The version that a header holds. Throws DataError. */
export function versionOf(record: SinkRecord, header: string): string {
  const value = record.headers.findLast(each => each.key === header)?.value;
  const text = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string' ? `${value}` : '';
  if (!/^\d{1,19}$/.test(text)) throw new DataError(`The header ${header} must hold the version as a whole number.`);
  return text;
}

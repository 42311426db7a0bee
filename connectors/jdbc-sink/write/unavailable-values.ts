import { Decimal, get, isStruct, type Schema, type Struct, type Value } from '../../../src/api/index.ts';
import { nameUuid } from '../../../src/data/name-uuid.ts';
import { UNAVAILABLE_VALUE } from '../../../src/debezium/names.ts';
import { SemanticType } from '../../../src/debezium/semantic-type.ts';
import { isPlainObject } from '../values/literal.ts';

/** True for Debezium's placeholder of an unchanged TOAST value. */
export type UnavailableCheck = (value: Value) => boolean;

const bytes = Buffer.from(UNAVAILABLE_VALUE);
const base64 = bytes.toString('base64');
/** The placeholder of hstore columns in JSON. */
const hstoreText = JSON.stringify({ [UNAVAILABLE_VALUE]: UNAVAILABLE_VALUE });
/** The placeholder of decimals of any scale, and the nearest double. */
const unscaled = BigInt(`0x${bytes.toString('hex')}`);
const double = Number(unscaled);
/** The placeholder of arrays of booleans. */
const bits = [...bytes].flatMap(byte => [7, 6, 5, 4, 3, 2, 1, 0].map(bit => ((byte >> bit) & 1) === 1));
/** The placeholder of arrays of UUIDs. */
const uuid = nameUuid(bytes);
/** Debezium's placeholders of coordinates, and of PostGIS's types. */
const COORDINATE = -99_999_999;
const geometries = [
  '0101000020e6100000000000fc83d797c1000000fc83d797c1',
  '0101000020e61000000c21e7fdff7f66401842cefbff7f5640',
].map(hex => Buffer.from(hex, 'hex'));
const DAY_MS = 86_400_000;

/** Decimals of fewer digits are never stored out of line. */
const MIN_PRECISION = 37;

/**
 * Check of a column's values; undefined if its type never has the placeholder. schema null: checks schemaless values for
 * every form that JSON can have.
 */
export function unavailableCheck(schema: Schema | null): UnavailableCheck | undefined {
  if (schema === null) return isSchemaless;
  switch (schema.type) {
    case 'string':
      return schema.name === SemanticType.Json ? isJson : isText;
    case 'bytes':
      return Number(schema.parameters?.['connect.decimal.precision'] ?? MIN_PRECISION) < MIN_PRECISION
        ? undefined
        : isBytes;
    case 'float64':
      return isDouble;
    case 'array':
      return isArray;
    case 'map':
      return isMap;
    case 'struct':
      return isShape;
    default:
      return undefined;
  }
}

/** Fast check by type and length that excludes most values before the column's own check. */
export function mayBeUnavailable(value: Value): boolean {
  if (typeof value === 'string') {
    const { length } = value;
    return length === UNAVAILABLE_VALUE.length || length === base64.length || length === hstoreText.length;
  }
  return typeof value === 'number' ? value === double : typeof value === 'object' && value !== null;
}

const isText: UnavailableCheck = value =>
  typeof value === 'string' && value.length === UNAVAILABLE_VALUE.length && value === UNAVAILABLE_VALUE;

const isJson: UnavailableCheck = value =>
  typeof value === 'string' &&
  (value === UNAVAILABLE_VALUE || (value.length === hstoreText.length && value === hstoreText));

const isDouble: UnavailableCheck = value => value === double;

const isBytes: UnavailableCheck = value =>
  value instanceof Decimal ? value.unscaled === unscaled : value instanceof Uint8Array && equalsBytes(value, bytes);

const equalsBytes = (value: Uint8Array, placeholder: Buffer): boolean =>
  value.length === placeholder.length && placeholder.equals(value);

const isMap: UnavailableCheck = value =>
  value instanceof Map ? value.size === 1 && value.has(UNAVAILABLE_VALUE) : isPlainObject(value) && isSchemaless(value);

/** True for an array of one placeholder, or of its bytes or bits. */
function isArray(value: Value): boolean {
  if (!Array.isArray(value)) return false;
  if (value.length === 1) return value[0] === uuid || isElement(value[0]);
  if (value.length === bytes.length) return value.every((item, i) => numberOf(item) === bytes[i]);
  return value.length === bits.length && value.every((item, i) => item === bits[i]);
}

const isElement: UnavailableCheck = value => {
  if (typeof value === 'string') return value === UNAVAILABLE_VALUE || value === hstoreText || value === base64;
  return isBytes(value) || isMap(value) || isShape(value);
};

/** Number of an element; days for a Date. */
function numberOf(value: Value): number {
  if (!(value instanceof Date)) return Number(value);
  const time = value.getTime();
  return time < DAY_MS ? time : time / DAY_MS;
}

/** Debezium's structs: decimals with their scale, and geometries. */
const isShape: UnavailableCheck = value =>
  isStruct(value) && hasGeometryPlaceholder(name => get(value as Struct, name) ?? null);

function hasGeometryPlaceholder(field: (name: string) => Value): boolean {
  const wkb = field('wkb') ?? field('value');
  if (wkb instanceof Uint8Array) return equalsBytes(wkb, bytes) || geometries.some(shape => equalsBytes(wkb, shape));
  if (typeof wkb === 'string') return wkb === base64 || geometries.some(shape => wkb === shape.toString('base64'));
  return field('radius') === COORDINATE || (field('a') === COORDINATE && field('b') === COORDINATE);
}

/** Check of schemaless values. */
function isSchemaless(value: Value): boolean {
  switch (typeof value) {
    case 'string':
      return (
        (value.length === UNAVAILABLE_VALUE.length && value === UNAVAILABLE_VALUE) ||
        (value.length === base64.length && value === base64) ||
        (value.length === hstoreText.length && value === hstoreText)
      );
    case 'number':
      return value === double;
    case 'object':
      if (value === null) return false;
      if (Array.isArray(value))
        return value.length === 1 ? value[0] === uuid || isSchemaless(value[0]) : isArray(value);
      if (!isPlainObject(value)) return isElement(value);
      return value[UNAVAILABLE_VALUE] === UNAVAILABLE_VALUE || hasGeometryPlaceholder(name => value[name] ?? null);
    default:
      return false;
  }
}

import { Decimal, get, isStruct, type Schema, type Struct, type Value } from '../../../src/api/index.ts';
import { nameUuid } from '../../../src/data/name-uuid.ts';
import { unavailable } from '../config/settings.ts';
import { isPlainObject } from '../values/literals.ts';

/** True for Debezium's placeholder of an unchanged TOAST value. */
export type UnavailableCheck = (value: Value) => boolean;

const bytes = Buffer.from(unavailable);
const base64 = bytes.toString('base64');
/** As hstore in JSON. */
const member = JSON.stringify({ [unavailable]: unavailable });
/** As a decimal of any scale, and as the nearest double. */
const unscaled = BigInt(`0x${bytes.toString('hex')}`);
const double = Number(unscaled);
/** Each bit of an array of booleans. */
const bits = [...bytes].flatMap(byte => [7, 6, 5, 4, 3, 2, 1, 0].map(bit => ((byte >> bit) & 1) === 1));
/** For arrays of UUIDs Debezium makes one of the placeholder. */
const uuid = nameUuid(bytes);
/** Debezium's coordinate of a point, and its points of PostGIS's types. */
const COORDINATE = -99_999_999;
const shapes = [
  '0101000020e6100000000000fc83d797c1000000fc83d797c1',
  '0101000020e61000000c21e7fdff7f66401842cefbff7f5640',
].map(hex => Buffer.from(hex, 'hex'));
const DAY_MS = 86_400_000;

/** Decimals of fewer digits are never stored out of line: they take less room than what would stand for them. */
const MIN_PRECISION = 37;

/**
 * The check of a column's values; undefined where its type never holds the placeholder. schema null: of values without
 * a schema, in any form that JSON has.
 */
export function unavailableCheck(schema: Schema | null): UnavailableCheck | undefined {
  if (schema === null) return isPlain;
  switch (schema.type) {
    case 'string':
      return schema.name === 'io.debezium.data.Json' ? isJson : isText;
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

/** Rules most values out by their type and length: this is asked of each value, the column's own check of few. */
export function mayBeUnavailable(value: Value): boolean {
  if (typeof value === 'string') {
    const { length } = value;
    return length === unavailable.length || length === base64.length || length === member.length;
  }
  return typeof value === 'number' ? value === double : typeof value === 'object' && value !== null;
}

const isText: UnavailableCheck = value =>
  typeof value === 'string' && value.length === unavailable.length && value === unavailable;

const isJson: UnavailableCheck = value =>
  typeof value === 'string' && (value === unavailable || (value.length === member.length && value === member));

const isDouble: UnavailableCheck = value => value === double;

const isBytes: UnavailableCheck = value =>
  value instanceof Decimal ? value.unscaled === unscaled : value instanceof Uint8Array && isSame(value, bytes);

const isSame = (value: Uint8Array, placeholder: Buffer): boolean =>
  value.length === placeholder.length && placeholder.equals(value);

const isMap: UnavailableCheck = value =>
  value instanceof Map ? value.size === 1 && value.has(unavailable) : isPlainObject(value) && isPlain(value);

/** One element that is the placeholder, or its bytes or bits. */
function isArray(value: Value): boolean {
  if (!Array.isArray(value)) return false;
  if (value.length === 1) return value[0] === uuid || isElement(value[0]);
  if (value.length === bytes.length) return value.every((item, i) => numberOf(item) === bytes[i]);
  return value.length === bits.length && value.every((item, i) => item === bits[i]);
}

const isElement: UnavailableCheck = value => {
  if (typeof value === 'string') return value === unavailable || value === member || value === base64;
  return isBytes(value) || isMap(value) || isShape(value);
};

/** A date counts days. */
function numberOf(value: Value): number {
  if (!(value instanceof Date)) return Number(value);
  const time = value.getTime();
  return time < DAY_MS ? time : time / DAY_MS;
}

/** Structs of Debezium: decimals with their scale, and geometries. */
const isShape: UnavailableCheck = value => isStruct(value) && isShapeOf(name => get(value as Struct, name) ?? null);

function isShapeOf(field: (name: string) => Value): boolean {
  const wkb = field('wkb') ?? field('value');
  if (wkb instanceof Uint8Array) return isSame(wkb, bytes) || shapes.some(shape => isSame(wkb, shape));
  if (typeof wkb === 'string') return wkb === base64 || shapes.some(shape => wkb === shape.toString('base64'));
  return field('radius') === COORDINATE || (field('a') === COORDINATE && field('b') === COORDINATE);
}

/** A value without a schema. */
function isPlain(value: Value): boolean {
  switch (typeof value) {
    case 'string':
      return (
        (value.length === unavailable.length && value === unavailable) ||
        (value.length === base64.length && value === base64) ||
        (value.length === member.length && value === member)
      );
    case 'number':
      return value === double;
    case 'object':
      if (value === null) return false;
      if (Array.isArray(value)) return value.length === 1 ? value[0] === uuid || isPlain(value[0]) : isArray(value);
      if (!isPlainObject(value)) return isElement(value);
      return value[unavailable] === unavailable || isShapeOf(name => value[name] ?? null);
    default:
      return false;
  }
}

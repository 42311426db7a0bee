import { Decimal, Float64, get, isStruct, type Schema, type Struct, type Value } from '../../../src/api/index.ts';
import {
  dateText,
  floorDivide,
  type Instant,
  infiniteDate,
  infiniteDays,
  infiniteIso,
  infiniteMicros,
  infiniteNanos,
  infinityText,
  readDay,
  readInstant,
  timestampText,
  timeText,
} from './calendar.ts';
import { describe } from './encoder.ts';
import { kindOf } from './kinds.ts';

/**
 * Values as the text that PostgreSQL's types read: elements of arrays, hstore and defaults, and whatever has no wire
 * form of its own. Errors never tell the value.
 */
export type Literal = (value: NonNullable<Value>) => string;

const DAY_MS = 86_400_000;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** The ends of 64 bits stand for all that is beyond them. */
export const BEYOND_DURATION =
  'a duration beyond 64 bits of microseconds, of which the record does not have the value: ' +
  'interval.handling.mode=string of the source has it';

function checked<T>(guard: (value: unknown) => value is T, wanted: string, print: (value: T) => string): Literal {
  return value => {
    if (!guard(value)) throw new Error(`${describe(value)} where the schema says ${wanted}`);
    return print(value);
  };
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isWhole = (value: unknown): value is number | bigint => typeof value === 'bigint' || Number.isSafeInteger(value);
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isString = (value: unknown): value is string => typeof value === 'string';
const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
const isDate = (value: unknown): value is Date => value instanceof Date && !Number.isNaN(value.getTime());
const isDecimal = (value: unknown): value is Decimal => value instanceof Decimal;
const isList = (value: unknown): value is readonly Value[] => Array.isArray(value);
const isMap = (value: unknown): value is ReadonlyMap<Value, Value> => value instanceof Map;

export const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

const micros = (value: number | bigint, factor: bigint): bigint => BigInt(value) * factor;
const fromNanos = (value: number | bigint): bigint => floorDivide(BigInt(value), 1000n);
/** Days since 1970. */
export const daysText = (count: number): string => {
  const infinite = infiniteDays(count);
  if (infinite !== 0) return infinityText(infinite);
  const { date, era } = dateText(count);
  return date + era;
};

/** Microseconds since 1970. */
export const microsText = (count: bigint, zone = ''): string => {
  const infinite = infiniteMicros(count);
  return infinite === 0 ? timestampText(count, zone) : infinityText(infinite);
};

/** The time of a Date; its limits stand for PostgreSQL's infinities. */
const finite =
  (print: (ms: number) => string) =>
  (value: Date): string => {
    const infinite = infiniteDate(value.getTime());
    return infinite === 0 ? print(value.getTime()) : infinityText(infinite);
  };

/** ISO 8601 as the columns of dates and timestamps read it: PostgreSQL has no years with a sign. */
export const isoDateText: Literal = checked(isString, 'a date of ISO 8601', text => {
  const infinite = infiniteIso(text);
  const count = readDay(text);
  return infinite === 0 ? (count === undefined ? text : daysText(count)) : infinityText(infinite);
});

const instant: Instant = { seconds: 0, micros: 0 };
export const isoTimestampText: Literal = checked(isString, 'a timestamp of ISO 8601', text => {
  const infinite = infiniteIso(text);
  if (infinite !== 0) return infinityText(infinite);
  if (!readInstant(text, instant)) return text;
  return timestampText(BigInt(instant.seconds) * 1_000_000n + BigInt(instant.micros), '+00');
});

/** -0 is a number of its own. */
const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** Of one schema; compiled once. */
export function literalOf(schema: Schema): Literal {
  switch (kindOf(schema)) {
    case 'int':
    case 'long':
      return checked(isWhole, 'a whole number', String);
    case 'float':
    case 'double':
      return checked(isNumber, 'a number', numberText);
    case 'boolean':
      return checked(isBoolean, 'a boolean', String);
    case 'bytes':
      return checked(isBytes, 'bytes', value => `\\x${hex(value)}`);
    case 'decimal':
      return checked(isDecimal, 'a decimal', String);
    case 'variable-decimal':
      return value => {
        const decimal = variableDecimal(value);
        if (decimal === null) throw new Error(`${describe(value)} where the schema says a decimal`);
        return decimal.toString();
      };
    case 'connect-date':
      return checked(
        isDate,
        'a date',
        finite(ms => daysText(Math.floor(ms / DAY_MS))),
      );
    case 'connect-time':
      return checked(isDate, 'a time', value => timeText(micros(value.getTime(), 1000n)));
    case 'connect-timestamp':
      return checked(
        isDate,
        'a timestamp',
        finite(ms => timestampText(micros(ms, 1000n), '+00')),
      );
    case 'date':
      return checked(isNumber, 'days since 1970', daysText);
    case 'time':
      return checked(isWhole, 'milliseconds', value => timeText(micros(value, 1000n)));
    case 'micro-time':
      return checked(isWhole, 'microseconds', value => timeText(BigInt(value)));
    case 'nano-time':
      return checked(isWhole, 'nanoseconds', value => timeText(fromNanos(value)));
    case 'timestamp':
      return checked(isWhole, 'milliseconds since 1970', value => microsText(micros(value, 1000n)));
    case 'micro-timestamp':
      return checked(isWhole, 'microseconds since 1970', value => microsText(BigInt(value)));
    case 'nano-timestamp':
      return checked(isWhole, 'nanoseconds since 1970', value =>
        microsText(infiniteNanos(BigInt(value)) === 0 ? fromNanos(value) : BigInt(value)),
      );
    case 'micro-duration':
      return checked(isWhole, 'microseconds', value => durationText(BigInt(value)));
    case 'nano-duration':
      return checked(isWhole, 'nanoseconds', value => durationText(fromNanos(value)));
    case 'bits': {
      const length = Number(schema.parameters?.['length'] ?? Number.NaN);
      return checked(isBytes, 'bits', value => bitText(value, length));
    }
    case 'point':
      return value => {
        const [x, y] = [fieldOf(value, 'x'), fieldOf(value, 'y')];
        if (!isNumber(x) || !isNumber(y)) throw new Error('a point without its coordinates');
        return `(${numberText(x)},${numberText(y)})`;
      };
    case 'line':
      return lineText;
    case 'circle':
      return circleText;
    case 'geometry':
    case 'geography':
      return geometryText;
    case 'vector':
      return checked(isList, 'an array', value => `[${value.join(',')}]`);
    case 'array':
      return schema.type === 'array' ? arrayLiteral(schema.items, literalOf(schema.items)) : unreachable();
    case 'map':
    case 'struct':
      return jsonText;
    default:
      return checked(isString, 'text', value => value);
  }
}

const unreachable = (): never => {
  throw new Error('a kind that its schema does not have');
};

/** `{"a",NULL,"b"}`: every element in quotes, but nested arrays. delimiter: of the elements' type. */
export function arrayLiteral(items: Schema, item: Literal, delimiter = ','): Literal {
  const nested = kindOf(items) === 'array';
  return checked(isList, 'an array', value => {
    const parts = value.map(element => {
      if (element === null) return 'NULL';
      return nested ? item(element) : inQuotes(item(element));
    });
    return `{${parts.join(delimiter)}}`;
  });
}

export const inQuotes = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** A map of texts as hstore; of other scalars, by their texts. */
export const hstoreText: Literal = value => {
  const entries = isMap(value) ? [...value] : isPlainObject(value) ? Object.entries(value) : undefined;
  if (entries === undefined) throw new Error(`${describe(value)} where the schema says a map`);
  return entries
    .map(
      ([key, item]) =>
        `${inQuotes(plainText(key))}=>${item === null || item === undefined ? 'NULL' : inQuotes(plainText(item))}`,
    )
    .join(',');
};

/** A scalar without a schema as text. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return isDate(value) ? value.toISOString() : unreachable();
  if (isBytes(value)) return `\\x${hex(value)}`;
  // Integer columns take no fraction.
  if (value instanceof Float64) return String(value.value);
  if (value instanceof Decimal || typeof value !== 'object' || value === null) return String(value);
  return jsonText(value as NonNullable<Value>);
}

/** Anything as JSON. Integers beyond 2^53 and decimals keep every digit. */
export const jsonText: Literal = value => jsonOf(value);

function jsonOf(value: Value | undefined): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
    default:
      break;
  }
  if (value instanceof Decimal || value instanceof Float64) return value.toString();
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (isBytes(value)) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (isList(value)) return `[${value.map(jsonOf).join(',')}]`;
  if (isStruct(value)) return members(value.schema.fields.map(field => [field.name, value.at(field.index)]));
  if (isMap(value)) return members([...value].map(([key, item]) => [plainText(key), item]));
  return members(Object.entries(value as Record<string, Value>));
}

const members = (entries: readonly (readonly [string, Value])[]): string =>
  `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${jsonOf(value)}`).join(',')}}`;

export const isPlainObject = (value: unknown): value is Readonly<Record<string, Value>> =>
  typeof value === 'object' &&
  value !== null &&
  (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);

/** `io.debezium.data.VariableScaleDecimal`: a struct of scale and big-endian unscaled value. */
export function variableDecimal(value: Value): Decimal | null {
  if (value instanceof Decimal) return value;
  const [scale, bytes] = [fieldOf(value, 'scale'), fieldOf(value, 'value')];
  if (!isNumber(scale) || !isBytes(bytes)) return null;
  return new Decimal(bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex(bytes)}`)), scale);
}

function fieldOf(value: Value, name: string): Value | undefined {
  return isStruct(value) ? get(value as Struct, name) : undefined;
}

/** Little-endian bytes, as Java's BitSet has them, the highest bit first; `length` bits where that is known. */
function bitText(bytes: Uint8Array, length: number): string {
  let text = '';
  for (let i = bytes.length - 1; i >= 0; i--) text += (bytes[i] as number).toString(2).padStart(8, '0');
  // The length of bit varying without one is the largest integer: then the bits are what they are.
  if (!(length > 0 && length < 2 ** 31 - 1)) return text.replace(/^0+(?=.)/, '');
  return text.length > length ? text.slice(text.length - length) : text.padStart(length, '0');
}

const SRID_FLAG = 0x20000000;

/** WKB as hexadecimal EWKB, which carries the reference system, for PostGIS. */
const geometryText: Literal = value => {
  const [wkb, srid] = [fieldOf(value, 'wkb'), fieldOf(value, 'srid')];
  if (!isBytes(wkb) || wkb.length < 5) throw new Error('a geometry without its WKB');
  if (!isNumber(srid)) return hex(wkb);
  const little = wkb[0] === 1;
  const head = Buffer.alloc(9);
  const view = new DataView(wkb.buffer, wkb.byteOffset, wkb.byteLength);
  const type = view.getUint32(1, little);
  if ((type & SRID_FLAG) !== 0) return hex(wkb);
  const out = new DataView(head.buffer, head.byteOffset, head.byteLength);
  head[0] = wkb[0] as number;
  out.setUint32(1, (type | SRID_FLAG) >>> 0, little);
  out.setInt32(5, srid, little);
  return hex(head) + hex(wkb.subarray(5));
};

/** As an interval of hours, minutes and seconds. */
function durationText(value: bigint): string {
  if (value === MAX_INT64 || value === MIN_INT64) throw new Error(BEYOND_DURATION);
  return value < 0n ? `-${timeText(-value)}` : timeText(value);
}

function numberOf(value: Value | undefined, name: string): string {
  const number = value === undefined ? undefined : fieldOf(value, name);
  if (!isNumber(number)) throw new Error(`a shape without its number ${name}`);
  return numberText(number);
}

const lineText: Literal = value => `{${numberOf(value, 'a')},${numberOf(value, 'b')},${numberOf(value, 'c')}}`;

const circleText: Literal = value => {
  const center = fieldOf(value, 'center');
  return `<(${numberOf(center, 'x')},${numberOf(center, 'y')}),${numberOf(value, 'radius')}>`;
};

const LINE_STRING = 2;
const POLYGON = 3;

/** Points of well-known binary that is a line, or a polygon of one ring. */
function pointsOf(value: Value): string[] {
  const wkb = fieldOf(value, 'wkb');
  if (!isBytes(wkb) || wkb.length < 9) throw new Error('a geometry without its WKB');
  const view = new DataView(wkb.buffer, wkb.byteOffset, wkb.byteLength);
  const little = wkb[0] === 1;
  const type = view.getUint32(1, little);
  const start = type === LINE_STRING ? 5 : 9;
  if (type !== LINE_STRING && !(type === POLYGON && view.getUint32(5, little) === 1))
    throw new Error('a geometry that is neither a line nor a polygon without holes');
  const count = view.getUint32(start, little);
  if (wkb.length !== start + 4 + count * 16) throw new Error('a geometry whose WKB is cut off');
  return Array.from({ length: count }, (_, i) => {
    const at = start + 4 + i * 16;
    return `(${numberText(view.getFloat64(at, little))},${numberText(view.getFloat64(at + 8, little))})`;
  });
}

/** Geometries as Debezium has PostgreSQL's own types in them, by the type of the column. */
export const shapeTexts: ReadonlyMap<string, Literal> = new Map<string, Literal>([
  ['lseg', value => `[${pointsOf(value).join()}]`],
  // Four corners, of which two opposite ones are the box.
  [
    'box',
    value =>
      pointsOf(value)
        .filter((_, i) => i === 0 || i === 2)
        .join(),
  ],
  ['polygon', value => `(${pointsOf(value).slice(0, -1).join()})`],
  [
    'path',
    value => {
      const extensions = fieldOf(value, 'extensions');
      const isOpen = isMap(extensions) && extensions.get('closed') === 'false';
      return isOpen ? `[${pointsOf(value).join()}]` : `(${pointsOf(value).join()})`;
    },
  ],
]);

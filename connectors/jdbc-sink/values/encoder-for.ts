import type { Schema } from '../../../src/api/index.ts';
import type { Column } from '../table/catalogue.ts';
import type { Encoder } from './encoder.ts';
import { type Kind, kindOf } from './kinds.ts';
import {
  arrayLiteral,
  hex,
  hstoreText,
  isoDateText,
  isoTimestampText,
  jsonText,
  type Literal,
  literalOf,
  shapeTexts,
  variableDecimal,
} from './literals.ts';
import { asDecimal, bool, boolAsInt, float4, float8, int4, int8, numeric } from './numbers.ts';
import { plainEncoder } from './schemaless.ts';
import {
  connectDate,
  days,
  duration,
  isoDays,
  type TimestampEncoders,
  time,
  timestamp,
  timestamptz,
} from './temporal.ts';
import { bytea, rendered, text } from './text.ts';

const integers = new Set(['int2', 'int4', 'int8']);
const numbers = new Set([...integers, 'numeric', 'float4', 'float8', 'money', 'oid']);
const temporal = new Set(['date', 'timestamp', 'timestamptz']);
const texts = new Set(['text', 'varchar', 'bpchar', 'name', 'citext']);

const decimals = numeric(asDecimal);
const variableDecimals = numeric(variableDecimal);

/**
 * How values of a schema travel to a column: in binary where their type has a wire form that the column's type takes,
 * otherwise as the text that the column's type reads. schema null: as plain JSON.
 *
 * utc: whether the session's time zone is UTC, in which an instant and a timestamp without time zone are the same
 * number.
 */
export function encoderFor(schema: Schema | null, column: Column, utc: boolean): Encoder {
  if (schema === null) return plainEncoder(column);
  const kind = kindOf(schema);
  return binary(kind, column.type, utc) ?? asText(schema, kind, column);
}

function binary(kind: Kind, type: string, utc: boolean): Encoder | undefined {
  switch (kind) {
    case 'int':
      if (type === 'int8') return int8;
      return numbers.has(type) || type === 'bool' ? int4 : undefined;
    case 'long':
      return numbers.has(type) ? int8 : undefined;
    case 'float':
      if (type === 'float4') return float4;
      return type === 'float8' || integers.has(type) ? float8 : undefined;
    case 'double':
      return type === 'float8' || type === 'float4' || integers.has(type) ? float8 : undefined;
    case 'boolean':
      if (type === 'bool') return bool;
      return numbers.has(type) ? boolAsInt : undefined;
    case 'string':
      return text;
    case 'bytes':
      return type === 'bytea' ? bytea : undefined;
    case 'decimal':
      return numbers.has(type) || texts.has(type) ? decimals : undefined;
    case 'variable-decimal':
      return numbers.has(type) || texts.has(type) ? variableDecimals : undefined;
    case 'bits':
      return type === 'bytea' ? bytea : undefined;
    case 'connect-date':
      return temporal.has(type) ? connectDate : undefined;
    case 'date':
      return temporal.has(type) ? days : numbers.has(type) ? int4 : undefined;
    case 'connect-time':
      return type === 'time' ? time.connect : undefined;
    case 'time':
      return type === 'time' ? time.milli : numbers.has(type) ? int4 : undefined;
    case 'micro-time':
      return type === 'time' ? time.micro : numbers.has(type) ? int8 : undefined;
    case 'nano-time':
      return type === 'time' ? time.nano : numbers.has(type) ? int8 : undefined;
    case 'connect-timestamp':
      return temporal.has(type) || type === 'time' ? instants(type, utc).connect : undefined;
    case 'micro-instant':
      return temporal.has(type) || type === 'time' ? instants(type, utc).microInstant : undefined;
    case 'nano-instant':
      return temporal.has(type) || type === 'time' ? instants(type, utc).nanoInstant : undefined;
    case 'iso-date':
      return temporal.has(type) ? isoDays : undefined;
    case 'iso-time':
      return type === 'time' ? time.iso : undefined;
    case 'iso-timestamp':
      return clock(type, utc)?.text;
    case 'zoned-timestamp':
      return temporal.has(type) || type === 'time' ? instants(type, utc).text : undefined;
    case 'timestamp':
      return clock(type, utc)?.milli ?? (numbers.has(type) ? int8 : undefined);
    case 'micro-timestamp':
      return clock(type, utc)?.micro ?? (numbers.has(type) ? int8 : undefined);
    case 'nano-timestamp':
      return clock(type, utc)?.nano ?? (numbers.has(type) ? int8 : undefined);
    case 'micro-duration':
      return type === 'interval' ? duration.micro : numbers.has(type) ? int8 : undefined;
    case 'nano-duration':
      return type === 'interval' ? duration.nano : numbers.has(type) ? int8 : undefined;
    default:
      return undefined;
  }
}

/** Instants: the session's time zone makes other types of them, which in UTC is no change. */
const instants = (type: string, utc: boolean): TimestampEncoders =>
  utc && type === 'timestamp' ? timestamp : timestamptz;

/** Timestamps without time zone: an instant only by the session's time zone. */
function clock(type: string, utc: boolean): TimestampEncoders | undefined {
  if (utc && type === 'timestamptz') return timestamptz;
  return temporal.has(type) || type === 'time' ? timestamp : undefined;
}

function asText(schema: Schema, kind: Kind, column: Column): Encoder {
  const plain = literalOf(schema);
  return schemaIsText(kind) && !needsWork(kind, column) ? text : rendered(forColumn(schema, kind, column, plain));
}

const schemaIsText = (kind: Kind): boolean =>
  [
    'string',
    'iso-date',
    'iso-time',
    'iso-timestamp',
    'zoned-timestamp',
    'zoned-time',
    'interval',
    'uuid',
    'json',
    'xml',
    'ltree',
    'tsvector',
  ].includes(kind);

/** JSON text for hstore is the one text that is not what its column reads. */
const needsWork = (kind: Kind, column: Column): boolean => kind === 'json' && column.type === 'hstore';

function forColumn(schema: Schema, kind: Kind, column: Column, plain: Literal): Literal {
  const { type } = column;
  const isJson = type === 'json' || type === 'jsonb';
  switch (kind) {
    case 'json':
      return type === 'hstore' ? value => hstoreText(JSON.parse(String(value))) : plain;
    case 'iso-date':
      return temporal.has(type) ? isoDateText : plain;
    case 'iso-timestamp':
    case 'zoned-timestamp':
      return temporal.has(type) ? isoTimestampText : plain;
    case 'map':
      return type === 'hstore' ? hstoreText : jsonText;
    case 'array':
      if (isJson) return jsonText;
      if (type === 'vector' || type === 'halfvec') return value => jsonText(value);
      return column.array && schema.type === 'array' ? elements(schema.items, column) : jsonText;
    case 'vector':
      return column.array ? literalOf({ ...schema, name: '' }) : plain;
    case 'boolean':
      return type === 'bit' || type === 'varbit' ? value => (value === true ? '1' : '0') : plain;
    case 'bits': {
      // The column's own length, where it has one, goes before the schema's.
      if (type === 'varbit') return literalOf({ ...schema, parameters: {} });
      const length = type === 'bit' && column.modifier > 0 ? String(column.modifier) : schema.parameters?.['length'];
      return literalOf(length === undefined ? schema : { ...schema, parameters: { length } });
    }
    case 'bytes':
      if (type === 'uuid') return value => (value instanceof Uint8Array ? hex(value) : plain(value));
      return isJson ? jsonText : plain;
    case 'point':
    case 'geometry':
    case 'geography':
      return isJson ? jsonText : geometric(kind, type, plain);
    case 'line':
    case 'circle':
      return type === kind ? plain : jsonText;
    default:
      return plain;
  }
}

/** Elements of an array column; arrays within it are elements of the same column. */
function elements(items: Schema, column: Column): Literal {
  const kind = kindOf(items);
  const isNested = kind === 'array';
  const element = isNested ? column : { ...column, type: column.element ?? 'text', array: false, element: null };
  return arrayLiteral(items, forColumn(items, kind, element, literalOf(items)), column.element === 'box' ? ';' : ',');
}

/** PostgreSQL's own point, or PostGIS's types out of the WKB that each of Debezium's geometries has. */
function geometric(kind: Kind, type: string, plain: Literal): Literal {
  const shape = kind === 'geometry' ? shapeTexts.get(type) : undefined;
  if (shape !== undefined) return shape;
  if (kind !== 'point' || type === 'point') return plain;
  return type === 'geometry' || type === 'geography' ? literalOf(geometrySchema) : plain;
}

const geometrySchema = {
  type: 'struct',
  fields: [],
  byName: new Map(),
  optional: false,
  name: 'io.debezium.data.geometry.Geometry',
} as const;

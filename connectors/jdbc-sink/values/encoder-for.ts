import type { Schema } from '../../../src/api/index.ts';
import { SemanticType } from '../../../src/debezium/semantic-type.ts';
import type { Column } from '../table/catalogue.ts';
import type { Encoder } from './encoder.ts';
import { geometricTexts } from './geometry-text.ts';
import { jsonText } from './json-text.ts';
import { type Kind, kindOf } from './kinds.ts';
import { hex, type Literal } from './literal.ts';
import { arrayLiteral, hstoreText, literalOf, variableDecimal } from './literals.ts';
import { bool, boolAsInt, decimalOrNull, float4, float8, int4, int8, numeric } from './numbers.ts';
import { schemalessEncoder } from './schemaless.ts';
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
import { isoDateText, isoTimestampText } from './temporal-text.ts';
import { bytea, text, textEncoder } from './text.ts';

const integerTypes = new Set(['int2', 'int4', 'int8']);
const numberTypes = new Set([...integerTypes, 'numeric', 'float4', 'float8', 'money', 'oid']);
const temporalTypes = new Set(['date', 'timestamp', 'timestamptz']);
const textTypes = new Set(['text', 'varchar', 'bpchar', 'name', 'citext']);

const decimals = numeric(decimalOrNull);
const variableDecimals = numeric(variableDecimal);

/**
 * Encoder of a schema's values for a column: binary if the column's type accepts a binary form of their type, otherwise
 * text in the format of the column's type. schema null: values of schemaless JSON.
 *
 * utc: the session's time zone is UTC, in which an instant and a timestamp without time zone are the same number.
 */
export function encoderFor(schema: Schema | null, column: Column, utc: boolean): Encoder {
  if (schema === null) return schemalessEncoder(column);
  const kind = kindOf(schema);
  return binaryEncoder(kind, column.type, utc) ?? textualEncoder(schema, kind, column);
}

function binaryEncoder(kind: Kind, type: string, utc: boolean): Encoder | undefined {
  switch (kind) {
    case 'int':
      if (type === 'int8') return int8;
      return numberTypes.has(type) || type === 'bool' ? int4 : undefined;
    case 'long':
      return numberTypes.has(type) ? int8 : undefined;
    case 'float':
      if (type === 'float4') return float4;
      return type === 'float8' || integerTypes.has(type) ? float8 : undefined;
    case 'double':
      return type === 'float8' || type === 'float4' || integerTypes.has(type) ? float8 : undefined;
    case 'boolean':
      if (type === 'bool') return bool;
      return numberTypes.has(type) ? boolAsInt : undefined;
    case 'string':
      return text;
    case 'bytes':
      return type === 'bytea' ? bytea : undefined;
    case 'decimal':
      return numberTypes.has(type) || textTypes.has(type) ? decimals : undefined;
    case 'variable-decimal':
      return numberTypes.has(type) || textTypes.has(type) ? variableDecimals : undefined;
    case 'bits':
      return type === 'bytea' ? bytea : undefined;
    case 'connect-date':
      return temporalTypes.has(type) ? connectDate : undefined;
    case 'date':
      return temporalTypes.has(type) ? days : numberTypes.has(type) ? int4 : undefined;
    case 'connect-time':
      return type === 'time' ? time.connect : undefined;
    case 'time':
      return type === 'time' ? time.milli : numberTypes.has(type) ? int4 : undefined;
    case 'micro-time':
      return type === 'time' ? time.micro : numberTypes.has(type) ? int8 : undefined;
    case 'nano-time':
      return type === 'time' ? time.nano : numberTypes.has(type) ? int8 : undefined;
    case 'connect-timestamp':
      return temporalTypes.has(type) || type === 'time' ? instantEncoders(type, utc).connect : undefined;
    case 'micro-instant':
      return temporalTypes.has(type) || type === 'time' ? instantEncoders(type, utc).microInstant : undefined;
    case 'nano-instant':
      return temporalTypes.has(type) || type === 'time' ? instantEncoders(type, utc).nanoInstant : undefined;
    case 'iso-date':
      return temporalTypes.has(type) ? isoDays : undefined;
    case 'iso-time':
      return type === 'time' ? time.iso : undefined;
    case 'iso-timestamp':
      return localTimestampEncoders(type, utc)?.text;
    case 'zoned-timestamp':
      return temporalTypes.has(type) || type === 'time' ? instantEncoders(type, utc).text : undefined;
    case 'timestamp':
      return localTimestampEncoders(type, utc)?.milli ?? (numberTypes.has(type) ? int8 : undefined);
    case 'micro-timestamp':
      return localTimestampEncoders(type, utc)?.micro ?? (numberTypes.has(type) ? int8 : undefined);
    case 'nano-timestamp':
      return localTimestampEncoders(type, utc)?.nano ?? (numberTypes.has(type) ? int8 : undefined);
    case 'micro-duration':
      return type === 'interval' ? duration.micro : numberTypes.has(type) ? int8 : undefined;
    case 'nano-duration':
      return type === 'interval' ? duration.nano : numberTypes.has(type) ? int8 : undefined;
    default:
      return undefined;
  }
}

/** Encoders of instants. The server converts them to timestamps in the session's time zone; in UTC the number is the same. */
const instantEncoders = (type: string, utc: boolean): TimestampEncoders =>
  utc && type === 'timestamp' ? timestamp : timestamptz;

/** Encoders of timestamps without time zone, which are instants only in a UTC session. */
function localTimestampEncoders(type: string, utc: boolean): TimestampEncoders | undefined {
  if (utc && type === 'timestamptz') return timestamptz;
  return temporalTypes.has(type) || type === 'time' ? timestamp : undefined;
}

function textualEncoder(schema: Schema, kind: Kind, column: Column): Encoder {
  const literal = literalOf(schema);
  return schemaIsText(kind) && !needsConversion(kind, column)
    ? text
    : textEncoder(columnLiteral(schema, kind, column, literal));
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

/** True for JSON text for hstore, the only text that the column does not accept. */
const needsConversion = (kind: Kind, column: Column): boolean => kind === 'json' && column.type === 'hstore';

function columnLiteral(schema: Schema, kind: Kind, column: Column, literal: Literal): Literal {
  const { type } = column;
  const isJson = type === 'json' || type === 'jsonb';
  switch (kind) {
    case 'json':
      return type === 'hstore' ? value => hstoreText(JSON.parse(String(value))) : literal;
    case 'iso-date':
      return temporalTypes.has(type) ? isoDateText : literal;
    case 'iso-timestamp':
    case 'zoned-timestamp':
      return temporalTypes.has(type) ? isoTimestampText : literal;
    case 'map':
      return type === 'hstore' ? hstoreText : jsonText;
    case 'array':
      if (isJson) return jsonText;
      if (type === 'vector' || type === 'halfvec') return value => jsonText(value);
      return column.array && schema.type === 'array' ? elementLiterals(schema.items, column) : jsonText;
    case 'vector':
      return column.array ? literalOf({ ...schema, name: '' }) : literal;
    case 'boolean':
      return type === 'bit' || type === 'varbit' ? value => (value === true ? '1' : '0') : literal;
    case 'bits': {
      // The column's length takes precedence over the schema's.
      if (type === 'varbit') return literalOf({ ...schema, parameters: {} });
      const length = type === 'bit' && column.modifier > 0 ? String(column.modifier) : schema.parameters?.['length'];
      return literalOf(length === undefined ? schema : { ...schema, parameters: { length } });
    }
    case 'bytes':
      if (type === 'uuid') return value => (value instanceof Uint8Array ? hex(value) : literal(value));
      return isJson ? jsonText : literal;
    case 'point':
    case 'geometry':
    case 'geography':
      return isJson ? jsonText : geometryLiteral(kind, type, literal);
    case 'line':
    case 'circle':
      return type === kind ? literal : jsonText;
    default:
      return literal;
  }
}

/** Literals of an array column, nested arrays included. */
function elementLiterals(items: Schema, column: Column): Literal {
  const kind = kindOf(items);
  const isNested = kind === 'array';
  const element = isNested ? column : { ...column, type: column.element ?? 'text', array: false, element: null };
  return arrayLiteral(
    items,
    columnLiteral(items, kind, element, literalOf(items)),
    column.element === 'box' ? ';' : ',',
  );
}

/** Literals of PostgreSQL's geometric types, or of PostGIS's types from the WKB in Debezium's geometries. */
function geometryLiteral(kind: Kind, type: string, literal: Literal): Literal {
  const shape = kind === 'geometry' ? geometricTexts.get(type) : undefined;
  if (shape !== undefined) return shape;
  if (kind !== 'point' || type === 'point') return literal;
  return type === 'geometry' || type === 'geography' ? literalOf(geometrySchema) : literal;
}

const geometrySchema = {
  type: 'struct',
  fields: [],
  byName: new Map(),
  optional: false,
  name: SemanticType.Geometry,
} as const;

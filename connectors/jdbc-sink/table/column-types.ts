import type { Schema } from '../../../src/api/index.ts';
import { quoteIdentifier } from '../../../src/databases/postgresql/quote.ts';
import { SOURCE_COLUMN_PREFIX } from '../../../src/debezium/names.ts';
import { kindOf } from '../values/kinds.ts';

const SOURCE_TYPE = `${SOURCE_COLUMN_PREFIX}type`;
const SOURCE_LENGTH = `${SOURCE_COLUMN_PREFIX}length`;
const SOURCE_SCALE = `${SOURCE_COLUMN_PREFIX}scale`;

/** PostgreSQL's text-like types that records have as strings; known from the source's column types. */
const textTypes = new Set([
  'citext',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'jsonb',
  'ltree',
  'tsvector',
  'int4range',
  'int8range',
  'numrange',
  'tsrange',
  'tstzrange',
  'daterange',
]);

/**
 * Types for a new column in order of preference: a type of an extension is followed by a built-in one. Length and
 * precision come from the schema's parameters: Connect's `scale` and `connect.decimal.precision`, and those that Debezium
 * adds with `column.propagate.source.type`.
 *
 * postgisSchema: schema of PostGIS's types.
 */
export function columnTypes(schema: Schema, postgisSchema: string): readonly string[] {
  const parameters = schema.parameters ?? {};
  switch (kindOf(schema)) {
    case 'int':
      return [schema.type === 'int32' ? 'integer' : 'smallint'];
    case 'long':
      return ['bigint'];
    case 'float':
      return ['real'];
    case 'double':
      return ['double precision'];
    case 'boolean':
      return ['boolean'];
    case 'bytes':
      return ['bytea'];
    case 'decimal':
      return [decimalType(parameters)];
    case 'variable-decimal':
      return ['numeric'];
    case 'connect-date':
    case 'date':
    case 'iso-date':
      return ['date'];
    case 'connect-time':
    case 'time':
    case 'micro-time':
    case 'nano-time':
    case 'iso-time':
      return [`time${precision(parameters)}`];
    case 'connect-timestamp':
    case 'timestamp':
    case 'micro-timestamp':
    case 'micro-instant':
    case 'nano-instant':
    case 'nano-timestamp':
    case 'iso-timestamp':
      return [`timestamp${precision(parameters)}`];
    case 'zoned-timestamp':
      return [`timestamp${precision(parameters)} with time zone`];
    case 'zoned-time':
      return [`time${precision(parameters)} with time zone`];
    case 'interval':
    case 'micro-duration':
    case 'nano-duration':
      return ['interval'];
    case 'uuid':
      return ['uuid'];
    case 'json':
      return [sourceType(parameters) === 'jsonb' ? 'jsonb' : 'json'];
    case 'xml':
      return ['xml'];
    case 'ltree':
      return ['ltree', 'text'];
    case 'tsvector':
      return ['tsvector'];
    case 'bits':
      return [bitType(parameters)];
    case 'point':
      return ['point'];
    case 'line':
      return ['line'];
    case 'circle':
      return ['circle'];
    case 'geometry':
      return [`${quoteIdentifier(postgisSchema)}.geometry`, 'text'];
    case 'geography':
      return [`${quoteIdentifier(postgisSchema)}.geography`, 'text'];
    case 'vector':
      return schema.name?.includes('Float') ? ['halfvec', 'real[]'] : ['vector', 'double precision[]'];
    case 'array':
      return schema.type === 'array' ? columnTypes(schema.items, postgisSchema).map(arrayType) : ['jsonb'];
    case 'map':
      return isTextMap(schema) ? ['hstore', 'jsonb'] : ['jsonb'];
    case 'struct':
      return ['jsonb'];
    case 'string':
      return textType(parameters);
  }
}

/** Arrays of any depth have the same type. */
const arrayType = (item: string): string => (item.endsWith('[]') ? item : `${item}[]`);

const isTextMap = (schema: Schema): boolean =>
  schema.type === 'map' && schema.keys.type === 'string' && schema.values.type === 'string';

type Parameters = Readonly<Record<string, string>>;

const sourceType = (parameters: Parameters): string => (parameters[SOURCE_TYPE] ?? '').toLowerCase();

function wholeNumber(text: string | undefined, min: number, max: number): number | undefined {
  const value = Number(text ?? Number.NaN);
  return Number.isInteger(value) && value >= min && value <= max ? value : undefined;
}

function decimalType(parameters: Parameters): string {
  const digits = wholeNumber(parameters['connect.decimal.precision'] ?? parameters[SOURCE_LENGTH], 1, 1000);
  const scale = wholeNumber(parameters['scale'] ?? parameters[SOURCE_SCALE], 0, digits ?? 0);
  return digits === undefined || scale === undefined ? 'numeric' : `numeric(${digits},${scale})`;
}

function precision(parameters: Parameters): string {
  const digits = wholeNumber(parameters[SOURCE_SCALE] ?? parameters[SOURCE_LENGTH], 0, 6);
  return digits === undefined ? '' : `(${digits})`;
}

function bitType(parameters: Parameters): string {
  const length = wholeNumber(parameters['length'], 1, 83_886_080);
  return length === undefined
    ? 'bit varying'
    : sourceType(parameters) === 'varbit'
      ? `bit varying(${length})`
      : `bit(${length})`;
}

function textType(parameters: Parameters): readonly string[] {
  const type = sourceType(parameters);
  const length = wholeNumber(parameters[SOURCE_LENGTH], 1, 10_485_760);
  if (textTypes.has(type)) return [type, 'text'];
  if (length !== undefined && ['varchar', 'character varying', 'nvarchar'].includes(type))
    return [`varchar(${length})`];
  if (length !== undefined && ['char', 'bpchar', 'character', 'nchar'].includes(type)) return [`char(${length})`];
  return ['text'];
}

import { LogicalName, memberOf, type Schema } from '../../../src/api/index.ts';

/** Kind of a field's values, from its schema name if that is known, otherwise from its type. */
export type Kind =
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'decimal'
  | 'connect-date'
  | 'connect-time'
  | 'connect-timestamp'
  | 'date'
  | 'time'
  | 'micro-time'
  | 'nano-time'
  | 'timestamp'
  | 'micro-timestamp'
  | 'nano-timestamp'
  | 'micro-instant'
  | 'nano-instant'
  | 'iso-date'
  | 'iso-time'
  | 'iso-timestamp'
  | 'zoned-timestamp'
  | 'zoned-time'
  | 'interval'
  | 'micro-duration'
  | 'nano-duration'
  | 'uuid'
  | 'json'
  | 'xml'
  | 'ltree'
  | 'tsvector'
  | 'bits'
  | 'variable-decimal'
  | 'point'
  | 'line'
  | 'circle'
  | 'geometry'
  | 'geography'
  | 'vector'
  | 'array'
  | 'map'
  | 'struct';

const kindsByType = {
  int8: 'int',
  int16: 'int',
  int32: 'int',
  int64: 'long',
  float32: 'float',
  float64: 'double',
  boolean: 'boolean',
  string: 'string',
  bytes: 'bytes',
  array: 'array',
  map: 'map',
  struct: 'struct',
} as const satisfies Record<Schema['type'], Kind>;

/** Schema names that the sink assigns to fields of timestamp.fields.list; records do not have them. */
export const MICRO_INSTANT = 'millrace.sink.MicroInstant';
export const NANO_INSTANT = 'millrace.sink.NanoInstant';

/** Kinds by schema name, with the schema types that the name is valid for. */
const kindsByName: Readonly<Record<string, { readonly kind: Kind; readonly types: readonly Schema['type'][] }>> = {
  [LogicalName.Decimal]: { kind: 'decimal', types: ['bytes'] },
  [LogicalName.Date]: { kind: 'connect-date', types: ['int32'] },
  [LogicalName.Time]: { kind: 'connect-time', types: ['int32'] },
  [LogicalName.Timestamp]: { kind: 'connect-timestamp', types: ['int64'] },
  'io.debezium.time.Date': { kind: 'date', types: ['int32'] },
  'io.debezium.time.Time': { kind: 'time', types: ['int32'] },
  'io.debezium.time.MicroTime': { kind: 'micro-time', types: ['int64'] },
  'io.debezium.time.NanoTime': { kind: 'nano-time', types: ['int64'] },
  'io.debezium.time.Timestamp': { kind: 'timestamp', types: ['int64'] },
  'io.debezium.time.MicroTimestamp': { kind: 'micro-timestamp', types: ['int64'] },
  'io.debezium.time.NanoTimestamp': { kind: 'nano-timestamp', types: ['int64'] },
  [MICRO_INSTANT]: { kind: 'micro-instant', types: ['int64', 'string'] },
  [NANO_INSTANT]: { kind: 'nano-instant', types: ['int64', 'string'] },
  'io.debezium.time.IsoDate': { kind: 'iso-date', types: ['string'] },
  'io.debezium.time.IsoTime': { kind: 'iso-time', types: ['string'] },
  'io.debezium.time.IsoTimestamp': { kind: 'iso-timestamp', types: ['string'] },
  'io.debezium.time.ZonedTimestamp': { kind: 'zoned-timestamp', types: ['string'] },
  'io.debezium.time.ZonedTime': { kind: 'zoned-time', types: ['string'] },
  'io.debezium.time.Interval': { kind: 'interval', types: ['string'] },
  'io.debezium.time.MicroDuration': { kind: 'micro-duration', types: ['int64'] },
  'io.debezium.time.NanoDuration': { kind: 'nano-duration', types: ['int64'] },
  'io.debezium.data.Uuid': { kind: 'uuid', types: ['string'] },
  'io.debezium.data.Json': { kind: 'json', types: ['string'] },
  'io.debezium.data.Xml': { kind: 'xml', types: ['string'] },
  'io.debezium.data.Ltree': { kind: 'ltree', types: ['string'] },
  'io.debezium.data.Tsvector': { kind: 'tsvector', types: ['string'] },
  'io.debezium.data.Bits': { kind: 'bits', types: ['bytes'] },
  'io.debezium.data.VariableScaleDecimal': { kind: 'variable-decimal', types: ['struct'] },
  'io.debezium.data.geometry.Point': { kind: 'point', types: ['struct'] },
  'io.debezium.data.geometry.Line': { kind: 'line', types: ['struct'] },
  'io.debezium.data.geometry.Circle': { kind: 'circle', types: ['struct'] },
  'io.debezium.data.geometry.Geometry': { kind: 'geometry', types: ['struct'] },
  'io.debezium.data.geometry.Geography': { kind: 'geography', types: ['struct'] },
  'io.debezium.data.FloatVector': { kind: 'vector', types: ['array'] },
  'io.debezium.data.DoubleVector': { kind: 'vector', types: ['array'] },
};

/** Kind of a schema. Enum, EnumSet, Year and unknown names have the kind of their type. */
export function kindOf(schema: Schema): Kind {
  const byName = schema.name === undefined ? undefined : memberOf(kindsByName, schema.name);
  return byName?.types.includes(schema.type) ? byName.kind : kindsByType[schema.type];
}

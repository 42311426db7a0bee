import { LogicalName, memberOf, type Schema } from '../../../src/api/index.ts';
import { SemanticType } from '../../../src/debezium/semantic-type.ts';

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
  [SemanticType.Date]: { kind: 'date', types: ['int32'] },
  [SemanticType.Time]: { kind: 'time', types: ['int32'] },
  [SemanticType.MicroTime]: { kind: 'micro-time', types: ['int64'] },
  [SemanticType.NanoTime]: { kind: 'nano-time', types: ['int64'] },
  [SemanticType.Timestamp]: { kind: 'timestamp', types: ['int64'] },
  [SemanticType.MicroTimestamp]: { kind: 'micro-timestamp', types: ['int64'] },
  [SemanticType.NanoTimestamp]: { kind: 'nano-timestamp', types: ['int64'] },
  [MICRO_INSTANT]: { kind: 'micro-instant', types: ['int64', 'string'] },
  [NANO_INSTANT]: { kind: 'nano-instant', types: ['int64', 'string'] },
  [SemanticType.IsoDate]: { kind: 'iso-date', types: ['string'] },
  [SemanticType.IsoTime]: { kind: 'iso-time', types: ['string'] },
  [SemanticType.IsoTimestamp]: { kind: 'iso-timestamp', types: ['string'] },
  [SemanticType.ZonedTimestamp]: { kind: 'zoned-timestamp', types: ['string'] },
  [SemanticType.ZonedTime]: { kind: 'zoned-time', types: ['string'] },
  [SemanticType.Interval]: { kind: 'interval', types: ['string'] },
  [SemanticType.MicroDuration]: { kind: 'micro-duration', types: ['int64'] },
  [SemanticType.NanoDuration]: { kind: 'nano-duration', types: ['int64'] },
  [SemanticType.Uuid]: { kind: 'uuid', types: ['string'] },
  [SemanticType.Json]: { kind: 'json', types: ['string'] },
  [SemanticType.Xml]: { kind: 'xml', types: ['string'] },
  [SemanticType.Ltree]: { kind: 'ltree', types: ['string'] },
  [SemanticType.Tsvector]: { kind: 'tsvector', types: ['string'] },
  [SemanticType.Bits]: { kind: 'bits', types: ['bytes'] },
  [SemanticType.VariableScaleDecimal]: { kind: 'variable-decimal', types: ['struct'] },
  [SemanticType.Point]: { kind: 'point', types: ['struct'] },
  [SemanticType.Line]: { kind: 'line', types: ['struct'] },
  [SemanticType.Circle]: { kind: 'circle', types: ['struct'] },
  [SemanticType.Geometry]: { kind: 'geometry', types: ['struct'] },
  [SemanticType.Geography]: { kind: 'geography', types: ['struct'] },
  [SemanticType.FloatVector]: { kind: 'vector', types: ['array'] },
  [SemanticType.DoubleVector]: { kind: 'vector', types: ['array'] },
};

/** Kind of a schema. Enum, EnumSet, Year and unknown names have the kind of their type. */
export function kindOf(schema: Schema): Kind {
  const byName = schema.name === undefined ? undefined : memberOf(kindsByName, schema.name);
  return byName?.types.includes(schema.type) ? byName.kind : kindsByType[schema.type];
}

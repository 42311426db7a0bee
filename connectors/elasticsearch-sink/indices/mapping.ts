import type { Schema, Value } from '../../../src/api/index.ts';
import { Decimal, LogicalName } from '../../../src/api/index.ts';

/** Part of a mapping, as JSON. */
export interface Mapping {
  readonly [key: string]: string | number | boolean | Mapping;
}

const types = {
  int8: 'byte',
  int16: 'short',
  int32: 'integer',
  int64: 'long',
  float32: 'float',
  float64: 'double',
  boolean: 'boolean',
  string: 'text',
  bytes: 'binary',
} as const;

/** Full text with a keyword for sorting and aggregations, like in dynamic mapping. */
const text: Mapping = { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } };

/**
 * Mapping of documents of a schema; undefined if the schema is not a struct. compactMaps: same as for the encoder.
 */
export function mappingOf(schema: Schema, compactMaps: boolean): Mapping | undefined {
  return schema.type === 'struct' ? fieldMapping(schema, compactMaps) : undefined;
}

function fieldMapping(schema: Schema, compactMaps: boolean): Mapping {
  switch (schema.type) {
    case 'array':
      // Every field of Elasticsearch may have several values.
      return fieldMapping(schema.items, compactMaps);
    case 'map':
      // Keys become field names, which are mapped dynamically.
      if (compactMaps && schema.keys.type === 'string') return { type: 'object' };
      return {
        properties: { key: fieldMapping(schema.keys, compactMaps), value: fieldMapping(schema.values, compactMaps) },
      };
    case 'struct':
      return {
        properties: Object.fromEntries(
          schema.fields.map(field => [field.name, fieldMapping(field.schema, compactMaps)]),
        ),
      };
    default:
      return valueMapping(schema.name, types[schema.type], schema.default ?? null);
  }
}

function valueMapping(name: string | undefined, primitive: string, preset: Value): Mapping {
  const type = logicalType(name) ?? primitive;
  if (type === 'text') return text;
  const nullValue = type === 'binary' ? undefined : nullValueOf(preset);
  return nullValue === undefined ? { type } : { type, null_value: nullValue };
}

function logicalType(name: string | undefined): string | undefined {
  switch (name) {
    case LogicalName.Decimal:
      return 'double';
    case LogicalName.Date:
    case LogicalName.Time:
    case LogicalName.Timestamp:
      return 'date';
    default:
      return undefined;
  }
}

/** A default becomes null_value: null fields are indexed with it. */
function nullValueOf(preset: Value): number | boolean | undefined {
  if (preset instanceof Date) return preset.getTime();
  if (preset instanceof Decimal) return Number(preset.toString());
  if (typeof preset === 'bigint') return Number(preset);
  return typeof preset === 'number' || typeof preset === 'boolean' ? preset : undefined;
}

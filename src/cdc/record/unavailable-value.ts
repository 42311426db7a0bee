import {
  Decimal,
  LogicalName,
  type PrimitiveSchema,
  type Schema,
  type StructSchema,
  type Value,
  ValueStruct,
} from '../../api/index.ts';
import { nameUuid } from '../../data/name-uuid.ts';
import { SemanticType } from '../../debezium/semantic-type.ts';

/** `unavailable.value.placeholder`: text, or bytes written `hex:…`. */
export interface Placeholder {
  readonly text: string;
  readonly bytes: Buffer;
}

export function parsePlaceholder(text: string): Placeholder {
  if (!text.startsWith('hex:')) return { text, bytes: Buffer.from(text) };
  const bytes = Buffer.from(text.slice(4), 'hex');
  return { text: bytes.toString(), bytes };
}

const DAY_MS = 86_400_000;
/** Debezium's coordinate of a point that was not sent, and its points as extended well-known binary. */
const COORDINATE = -99_999_999;
const GEOMETRY = Buffer.from('0101000020e6100000000000fc83d797c1000000fc83d797c1', 'hex');
const GEOGRAPHY = Buffer.from('0101000020e61000000c21e7fdff7f66401842cefbff7f5640', 'hex');
const SRID = 4326;

/**
 * Stands for an unchanged TOAST value in a column of the schema. Text, bytes, maps, arrays of text and of whole numbers, and
 * geometries have it as Debezium does, which writes null for all others. null: values of the schema are never TOASTed.
 */
export function unavailableOf(schema: Schema, placeholder: Placeholder): Value {
  switch (schema.type) {
    case 'string':
      return placeholder.text;
    case 'bytes':
      return schema.name === LogicalName.Decimal
        ? new Decimal(unscaled(placeholder), Number(schema.parameters?.['scale'] ?? 0))
        : placeholder.bytes;
    case 'float64':
      return Number(unscaled(placeholder));
    case 'map':
      return new Map([[placeholder.text, placeholder.text]]);
    case 'array':
      return items(schema.items, placeholder);
    case 'struct':
      return struct(schema, placeholder);
    default:
      return null;
  }
}

/** One element where it can be the placeholder; else one for each of its bytes, or of their bits. */
function items(schema: Schema, placeholder: Placeholder): readonly Value[] {
  const bytes = [...placeholder.bytes];
  switch (schema.type) {
    case 'boolean':
      return bytes.flatMap(byte => [7, 6, 5, 4, 3, 2, 1, 0].map(bit => ((byte >> bit) & 1) === 1));
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
      return bytes.map(byte => number(schema, byte));
    case 'string':
      return [schema.name === SemanticType.Uuid ? nameUuid(placeholder.bytes) : placeholder.text];
    default:
      return [unavailableOf(schema, placeholder)];
  }
}

function number({ type, name }: PrimitiveSchema, byte: number): Value {
  if (name === LogicalName.Date) return new Date(byte * DAY_MS);
  if (name === LogicalName.Time || name === LogicalName.Timestamp) return new Date(byte);
  return type === 'int64' ? BigInt(byte) : byte;
}

const unscaled = ({ bytes }: Placeholder): bigint =>
  BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex') || '0'}`));

/** Structs of numbers, bytes and structs: decimals that carry their scale, and shapes. */
function struct(schema: StructSchema, placeholder: Placeholder): Value {
  const isGeography = schema.name?.endsWith('.Geography') === true;
  const values = schema.fields.map((field): Value => {
    if (field.name === 'wkb') return isGeography ? GEOGRAPHY : GEOMETRY;
    if (field.name === 'srid') return SRID;
    if (field.schema.type === 'float64') return COORDINATE;
    if (field.name === 'scale') return 0;
    return field.schema.type === 'map' ? null : unavailableOf(field.schema, placeholder);
  });
  return new ValueStruct(schema, values);
}

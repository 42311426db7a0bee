import type { ByteWriter, Schema, SchemaOptions, SchemaType } from '../../api/index.ts';
import { arrayOf, mapOf, schemaOf, structOfFields } from '../../api/index.ts';
import type { JsonReader } from '../../data/json/json-reader.ts';
import { DataError } from '../../errors.ts';
import type { Decoders } from './json-decoders.ts';
import type { Encoders } from './json-encoders.ts';

/** Name of a type in the envelope's schema; the names of the float types differ from those of `SchemaType`. */
const connectTypeName = (type: SchemaType) => (type === 'float32' ? 'float' : type === 'float64' ? 'double' : type);
const primitives = {
  boolean: 'boolean',
  int8: 'int8',
  int16: 'int16',
  int32: 'int32',
  int64: 'int64',
  float: 'float32',
  double: 'float64',
  bytes: 'bytes',
  string: 'string',
} as const;

/** Appends a schema in the form and member order of JsonConverter's envelope. `field` is its name within a struct. */
export function writeSchema(schema: Schema, encoders: Encoders, out: ByteWriter, field?: string): void {
  out.ascii(`{"type":"${connectTypeName(schema.type)}"`);
  if (schema.type === 'array') {
    out.ascii(',"items":');
    writeSchema(schema.items, encoders, out);
  } else if (schema.type === 'map') {
    out.ascii(',"keys":');
    writeSchema(schema.keys, encoders, out);
    out.ascii(',"values":');
    writeSchema(schema.values, encoders, out);
  } else if (schema.type === 'struct') {
    out.ascii(',"fields":[');
    for (const { name, index, schema: inner } of schema.fields) {
      if (index > 0) out.ascii(',');
      writeSchema(inner, encoders, out, name);
    }
    out.ascii(']');
  }
  out.ascii(`,"optional":${schema.optional}`);
  if (schema.name !== undefined) writeTextMember(out, 'name', schema.name);
  if (schema.version !== undefined) out.ascii(`,"version":${schema.version}`);
  if (schema.doc !== undefined) writeTextMember(out, 'doc', schema.doc);
  if (schema.parameters !== undefined) writeParameters(schema.parameters, out);
  if (schema.default !== undefined && schema.default !== null) {
    out.ascii(',"default":');
    encoders.encoderOf(schema)(schema.default, out);
  }
  if (field !== undefined) writeTextMember(out, 'field', field);
  out.ascii('}');
}

function writeTextMember(out: ByteWriter, name: string, text: string): void {
  out.ascii(`,"${name}":`);
  out.jsonText(text);
}

function writeParameters(parameters: Readonly<Record<string, string>>, out: ByteWriter): void {
  out.ascii(',"parameters":{');
  let lead = '';
  for (const [name, text] of Object.entries(parameters)) {
    out.ascii(lead);
    lead = ',';
    out.jsonText(name);
    out.ascii(':');
    out.jsonText(text);
  }
  out.ascii('}');
}

/** Members of a schema's JSON, not yet validated. */
interface RawSchema {
  type?: string;
  optional?: boolean;
  name?: string;
  version?: number;
  doc?: string;
  field?: string;
  parameters?: Record<string, string>;
  items?: Schema | null;
  keys?: Schema | null;
  values?: Schema | null;
  fields?: readonly { readonly name: string; readonly schema: Schema }[];
  /** Offset of the default's JSON. */
  defaultOffset?: number;
}

/** Reads the schema at the reader's position; null for `null`. Throws DataError with Connect's messages. */
export function readSchema(reader: JsonReader, decoders: Decoders): Schema | null {
  return readFieldSchema(reader, decoders)?.schema ?? null;
}

function readFieldSchema(reader: JsonReader, decoders: Decoders): { schema: Schema; field: string | undefined } | null {
  const type = reader.nodeType();
  if (type === 'NULL') {
    reader.word();
    return null;
  }
  if (type !== 'OBJECT') throw new DataError("Schema must contain 'type' field");
  const rawSchema: RawSchema = {};
  reader.object(key => readMember(rawSchema, key, reader, decoders));
  const schema = toSchema(rawSchema);
  if (rawSchema.defaultOffset === undefined) return { schema, field: rawSchema.field };
  const end = reader.at;
  reader.at = rawSchema.defaultOffset;
  const value = decoders.decoderOf(schema).read(reader);
  reader.at = end;
  return { schema: value === null ? schema : { ...schema, default: value }, field: rawSchema.field };
}

function readMember(rawSchema: RawSchema, key: string, reader: JsonReader, decoders: Decoders): void {
  const type = reader.nodeType();
  if (type === 'STRING' && (key === 'type' || key === 'name' || key === 'doc' || key === 'field'))
    rawSchema[key] = reader.string();
  else if (key === 'optional' && type === 'BOOLEAN') rawSchema.optional = reader.word() === true;
  else if (key === 'version' && type === 'NUMBER') {
    const version = Number(reader.number());
    if (Number.isInteger(version)) rawSchema.version = version;
  } else if (key === 'items' || key === 'keys' || key === 'values') rawSchema[key] = readSchema(reader, decoders);
  else if (key === 'fields' && type === 'ARRAY') rawSchema.fields = readFields(reader, decoders);
  else if (key === 'parameters' && type === 'OBJECT') rawSchema.parameters = readParameters(reader);
  else {
    if (key === 'default') rawSchema.defaultOffset = reader.at;
    reader.skip();
  }
}

function readFields(reader: JsonReader, decoders: Decoders): { name: string; schema: Schema }[] {
  const fields: { name: string; schema: Schema }[] = [];
  const names = new Set<string>();
  reader.array(() => {
    const fieldSchema = readFieldSchema(reader, decoders);
    if (fieldSchema?.field === undefined) throw new DataError("Struct schema's field name not specified properly");
    if (names.has(fieldSchema.field))
      throw new DataError(`Cannot create field because of field name duplication ${fieldSchema.field}`);
    names.add(fieldSchema.field);
    fields.push({ name: fieldSchema.field, schema: fieldSchema.schema });
  });
  return fields;
}

function readParameters(reader: JsonReader): Record<string, string> {
  const parameters: [string, string][] = [];
  reader.object(name => {
    if (reader.nodeType() !== 'STRING') throw new DataError('Schema parameters must have string values.');
    parameters.push([name, reader.string()]);
  });
  return Object.fromEntries(parameters);
}

function toSchema(rawSchema: RawSchema): Schema {
  const { type, optional = false, name, version, doc, parameters } = rawSchema;
  const options: SchemaOptions = {
    optional,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(doc === undefined ? {} : { doc }),
    ...(parameters === undefined || Object.keys(parameters).length === 0 ? {} : { parameters }),
  };
  if (type === undefined) throw new DataError("Schema must contain 'type' field");
  if (type === 'array') {
    if (!rawSchema.items) throw new DataError('Array schema did not specify the element type');
    return arrayOf(rawSchema.items, options);
  }
  if (type === 'map') {
    if (!rawSchema.keys) throw new DataError('Map schema did not specify the key type');
    if (!rawSchema.values) throw new DataError('Map schema did not specify the value type');
    return mapOf(rawSchema.keys, rawSchema.values, options);
  }
  if (type === 'struct') {
    if (rawSchema.fields === undefined) throw new DataError('Struct schema\'s "fields" argument is not an array.');
    return structOfFields(rawSchema.fields, options);
  }
  if (!Object.hasOwn(primitives, type)) throw new DataError(`Unknown schema type: ${type}`);
  return schemaOf(primitives[type as keyof typeof primitives], options);
}

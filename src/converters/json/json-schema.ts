import type { ByteWriter, Schema, SchemaOptions, SchemaType } from '../../api/index.ts';
import { arrayOf, mapOf, schemaOf, structOfFields } from '../../api/index.ts';
import type { JsonReader } from '../../data/json/json-reader.ts';
import { DataError } from '../../errors.ts';
import type { Decoders } from './json-decoders.ts';
import type { Encoders } from './json-encoders.ts';

/** Connect's names in the envelope's schema: those of floats differ from the type's own. */
const nameOf = (type: SchemaType) => (type === 'float32' ? 'float' : type === 'float64' ? 'double' : type);
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

/** Appends a schema as JsonConverter's envelope has it, key for key in its order. `field`: its name within a struct. */
export function writeSchema(schema: Schema, encoders: Encoders, out: ByteWriter, field?: string): void {
  out.ascii(`{"type":"${nameOf(schema.type)}"`);
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
  if (schema.name !== undefined) member(out, 'name', schema.name);
  if (schema.version !== undefined) out.ascii(`,"version":${schema.version}`);
  if (schema.doc !== undefined) member(out, 'doc', schema.doc);
  if (schema.parameters !== undefined) writeParameters(schema.parameters, out);
  if (schema.default !== undefined && schema.default !== null) {
    out.ascii(',"default":');
    encoders.of(schema)(schema.default, out);
  }
  if (field !== undefined) member(out, 'field', field);
  out.ascii('}');
}

function member(out: ByteWriter, name: string, text: string): void {
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

/** What stands in a schema's JSON, before it is known to make sense. */
interface Raw {
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
  /** Where the default's JSON begins. */
  defaultAt?: number;
}

/** Reads the schema that the reader stands on; null for `null`. Throws DataError with Connect's messages. */
export function readSchema(reader: JsonReader, decoders: Decoders): Schema | null {
  return readNamed(reader, decoders)?.schema ?? null;
}

function readNamed(reader: JsonReader, decoders: Decoders): { schema: Schema; field: string | undefined } | null {
  const type = reader.nodeType();
  if (type === 'NULL') {
    reader.word();
    return null;
  }
  if (type !== 'OBJECT') throw new DataError("Schema must contain 'type' field");
  const raw: Raw = {};
  reader.object(key => readMember(raw, key, reader, decoders));
  const schema = build(raw);
  if (raw.defaultAt === undefined) return { schema, field: raw.field };
  const behind = reader.at;
  reader.at = raw.defaultAt;
  const value = decoders.of(schema).read(reader);
  reader.at = behind;
  return { schema: value === null ? schema : { ...schema, default: value }, field: raw.field };
}

function readMember(raw: Raw, key: string, reader: JsonReader, decoders: Decoders): void {
  const type = reader.nodeType();
  if (type === 'STRING' && (key === 'type' || key === 'name' || key === 'doc' || key === 'field'))
    raw[key] = reader.string();
  else if (key === 'optional' && type === 'BOOLEAN') raw.optional = reader.word() === true;
  else if (key === 'version' && type === 'NUMBER') {
    const version = Number(reader.number());
    if (Number.isInteger(version)) raw.version = version;
  } else if (key === 'items' || key === 'keys' || key === 'values') raw[key] = readSchema(reader, decoders);
  else if (key === 'fields' && type === 'ARRAY') raw.fields = readFields(reader, decoders);
  else if (key === 'parameters' && type === 'OBJECT') raw.parameters = readParameters(reader);
  else {
    if (key === 'default') raw.defaultAt = reader.at;
    reader.skip();
  }
}

function readFields(reader: JsonReader, decoders: Decoders): { name: string; schema: Schema }[] {
  const fields: { name: string; schema: Schema }[] = [];
  const names = new Set<string>();
  reader.array(() => {
    const named = readNamed(reader, decoders);
    if (named?.field === undefined) throw new DataError("Struct schema's field name not specified properly");
    if (names.has(named.field))
      throw new DataError(`Cannot create field because of field name duplication ${named.field}`);
    names.add(named.field);
    fields.push({ name: named.field, schema: named.schema });
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

function build(raw: Raw): Schema {
  const { type, optional = false, name, version, doc, parameters } = raw;
  const options: SchemaOptions = {
    optional,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(doc === undefined ? {} : { doc }),
    ...(parameters === undefined || Object.keys(parameters).length === 0 ? {} : { parameters }),
  };
  if (type === undefined) throw new DataError("Schema must contain 'type' field");
  if (type === 'array') {
    if (!raw.items) throw new DataError('Array schema did not specify the element type');
    return arrayOf(raw.items, options);
  }
  if (type === 'map') {
    if (!raw.keys) throw new DataError('Map schema did not specify the key type');
    if (!raw.values) throw new DataError('Map schema did not specify the value type');
    return mapOf(raw.keys, raw.values, options);
  }
  if (type === 'struct') {
    if (raw.fields === undefined) throw new DataError('Struct schema\'s "fields" argument is not an array.');
    return structOfFields(raw.fields, options);
  }
  if (!Object.hasOwn(primitives, type)) throw new DataError(`Unknown schema type: ${type}`);
  return schemaOf(primitives[type as keyof typeof primitives], options);
}

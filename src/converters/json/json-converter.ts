import type { ByteWriter, Converter, ConverterFactory, Schema, SchemaAndValue, Value } from '../../api/index.ts';
import { Bytes } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { booleanKey, defineConfig, enumKey, intKey, stringKey } from '../../config/spec.ts';
import { readPlain, writePlain } from '../../data/json/json-plain.ts';
import { JsonReader } from '../../data/json/json-reader.ts';
import { DataError, messageOf } from '../../errors.ts';
import { converterType } from '../converter-type.ts';
import type { Decoder } from './json-decoders.ts';
import { Decoders } from './json-decoders.ts';
import type { Encode } from './json-encoders.ts';
import { Encoders } from './json-encoders.ts';
import { readSchema, writeSchema } from './json-schema.ts';

const config = defineConfig(
  {
    ...converterType,
    'schemas.enable': booleanKey({
      doc: 'Include schemas within each of the serialized values and keys.',
      default: true,
      importance: 'high',
      group: 'Schemas',
      order: 0,
      width: 'medium',
      displayName: 'Enable Schemas',
    }),
    'schemas.cache.size': intKey({
      doc: 'The maximum number of schemas that can be cached in this converter instance.',
      default: 1000,
      importance: 'high',
      group: 'Schemas',
      order: 1,
      width: 'medium',
      displayName: 'Schema Cache Size',
    }),
    'schema.content': stringKey({
      doc: "A schema in the form of the envelope's. When set, every message is taken as a bare payload of this schema. Needs 'schemas.enable'; concerns sinks alone.",
      default: null,
      importance: 'high',
      group: 'Schemas',
      order: 2,
      width: 'medium',
      displayName: 'Schema Content',
    }),
    'decimal.format': enumKey(['BASE64', 'NUMERIC'], {
      doc: "How decimals are written: 'BASE64' (their bytes) or 'NUMERIC' (a JSON number). Case does not matter.",
      default: 'BASE64',
      importance: 'low',
      group: 'Serialization',
      order: 0,
      width: 'medium',
      displayName: 'Decimal Format',
    }),
    'replace.null.with.default': booleanKey({
      doc: 'Whether a null in a field that has a default value becomes that default value.',
      default: true,
      importance: 'low',
      group: 'Serialization',
      order: 1,
      width: 'medium',
      displayName: 'Replace null with default',
    }),
  },
  {
    refine: c => {
      if (c['schema.content'] === null || c['schema.content'].trim() === '') return {};
      try {
        new JsonConverter(c);
        return {};
      } catch (error) {
        return { 'schema.content': `Invalid value for configuration schema.content: ${messageOf(error)}` };
      }
    },
  },
);

export type JsonConverterConfig = Config<typeof config>;

/** Kafka Connect's JsonConverter. Writes the same bytes for the same data. */
export const jsonConverter: ConverterFactory<JsonConverterConfig> = {
  config,
  create: settings => new JsonConverter(settings),
};

/** Writes records of one schema: `{"schema":…,"payload":`, the value, `}`. */
interface EnvelopeEncoder {
  readonly prefix: Uint8Array;
  readonly encode: Encode;
}

/** A schema of a message, with the decoder of its payload; undefined for payloads without a schema. */
interface PayloadDecoder {
  readonly schema: Schema | null;
  readonly decoder: Decoder | undefined;
}

/** Bytes of an envelope up to its payload. Records of one topic usually repeat them. */
interface EnvelopePrefix extends PayloadDecoder {
  readonly bytes: Buffer;
}

const CLOSE = 0x7d;
const NULL_VALUE: SchemaAndValue = { schema: null, value: null };
const schemalessPrefix = Buffer.from('{"schema":null,"payload":');

class JsonConverter implements Converter {
  readonly #withSchemas: boolean;
  readonly #cacheSize: number;
  readonly #encoders: Encoders;
  readonly #decoders: Decoders;
  readonly #envelopeEncoders = new WeakMap<Schema, EnvelopeEncoder>();
  readonly #configuredDecoder: PayloadDecoder | undefined;
  /** Keyed by the schema's JSON, in order of use: the first entry is the least recently used. */
  readonly #payloadDecoders = new Map<string, PayloadDecoder>();
  readonly #prefixes = new Map<string, EnvelopePrefix>();
  readonly #reader = new JsonReader();
  #lastSchema: Schema | null = null;
  #lastEnvelopeEncoder: EnvelopeEncoder | undefined;
  #lastPrefix: EnvelopePrefix | undefined;

  constructor(settings: JsonConverterConfig) {
    const replaceNullWithDefault = settings['replace.null.with.default'];
    this.#withSchemas = settings['schemas.enable'];
    this.#cacheSize = Math.max(1, settings['schemas.cache.size']);
    this.#encoders = new Encoders({
      numericDecimals: settings['decimal.format'] === 'NUMERIC',
      replaceNullWithDefault,
    });
    this.#decoders = new Decoders({ replaceNullWithDefault });
    const content = settings['schema.content'] ?? '';
    if (content.trim() !== '') {
      const bytes = Buffer.from(content);
      this.#reader.open(bytes, 0, bytes.length);
      this.#reader.space();
      this.#configuredDecoder = this.#createPayloadDecoder(readSchema(this.#reader, this.#decoders));
      this.#reader.finish();
    }
  }

  fromConnect(_topic: string, schema: Schema | null, value: Value, out: ByteWriter): boolean {
    const start = out.length;
    try {
      if (schema === null) return this.#writeBare(value, out);
      const envelopeEncoder = schema === this.#lastSchema ? this.#lastEnvelopeEncoder : this.#envelopeEncoderOf(schema);
      if (this.#withSchemas) out.raw((envelopeEncoder as EnvelopeEncoder).prefix);
      (envelopeEncoder as EnvelopeEncoder).encode(value, out);
      if (this.#withSchemas) writeClosingBrace(out);
      return true;
    } catch (error) {
      out.length = start;
      throw error;
    }
  }

  #writeBare(value: Value, out: ByteWriter): boolean {
    if (value === null || value === undefined) return false;
    if (this.#withSchemas) out.raw(schemalessPrefix);
    writePlain(value, out);
    if (this.#withSchemas) writeClosingBrace(out);
    return true;
  }

  #envelopeEncoderOf(schema: Schema): EnvelopeEncoder {
    let envelopeEncoder = this.#envelopeEncoders.get(schema);
    if (envelopeEncoder === undefined) {
      const bytes = new Bytes();
      bytes.ascii('{"schema":');
      writeSchema(schema, this.#encoders, bytes);
      bytes.ascii(',"payload":');
      envelopeEncoder = { prefix: bytes.take(), encode: this.#encoders.encoderOf(schema) };
      this.#envelopeEncoders.set(schema, envelopeEncoder);
    }
    this.#lastSchema = schema;
    this.#lastEnvelopeEncoder = envelopeEncoder;
    return envelopeEncoder;
  }

  toConnect(topic: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return NULL_VALUE;
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.#withSchemas && this.#configuredDecoder === undefined)
      return this.#readAfterCachedPrefix(topic, buffer) ?? this.#readEnvelope(topic, buffer);
    const start = buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0;
    if (this.#withSchemas)
      return this.#readPayload(this.#configuredDecoder as PayloadDecoder, buffer, start, buffer.length);
    if (isBlank(buffer, start)) return NULL_VALUE;
    return { schema: null, value: readPlain(buffer, start, buffer.length) };
  }

  /** Fast path: the same schema as in an earlier record, then the payload and a closing brace. */
  #readAfterCachedPrefix(topic: string, bytes: Buffer): SchemaAndValue | undefined {
    let prefix = this.#lastPrefix;
    if (prefix === undefined || !startsWith(bytes, prefix.bytes)) {
      prefix = this.#prefixes.get(topic);
      if (prefix === undefined || !startsWith(bytes, prefix.bytes)) return undefined;
      this.#lastPrefix = prefix;
    }
    const { schema, decoder } = prefix;
    if (decoder === undefined) return undefined;
    const reader = this.#reader;
    reader.open(bytes, prefix.bytes.length, bytes.length);
    reader.space();
    const value = decoder.read(reader);
    reader.space();
    if (!reader.take(CLOSE)) return undefined;
    reader.finish();
    return { schema, value };
  }

  /** Reads an envelope with its two members in any order. */
  #readEnvelope(topic: string, bytes: Buffer): SchemaAndValue {
    const reader = this.#reader;
    reader.open(bytes, 0, bytes.length);
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) reader.at = 3;
    reader.space();
    if (reader.peek() !== 0x7b) throw envelopeError();
    const members = new Map<string, { readonly start: number; readonly end: number }>();
    reader.object(name => {
      const start = reader.at;
      reader.skip();
      members.set(name, { start, end: reader.at });
    });
    reader.finish();
    const schemaRange = members.get('schema');
    const payloadRange = members.get('payload');
    if (schemaRange === undefined || payloadRange === undefined || members.size !== 2) throw envelopeError();
    const payloadDecoder = this.#payloadDecoderOf(bytes, schemaRange.start, schemaRange.end);
    const result = this.#readPayload(payloadDecoder, bytes, payloadRange.start, payloadRange.end);
    if (schemaRange.end < payloadRange.start)
      this.#cachePrefix(topic, bytes.subarray(0, payloadRange.start), payloadDecoder);
    return result;
  }

  #readPayload({ schema, decoder }: PayloadDecoder, bytes: Buffer, start: number, end: number): SchemaAndValue {
    if (decoder === undefined) return { schema, value: readPlain(bytes, start, end) };
    const reader = this.#reader;
    reader.open(bytes, start, end);
    reader.space();
    const value = decoder.read(reader);
    reader.finish();
    return { schema, value };
  }

  #payloadDecoderOf(bytes: Buffer, start: number, end: number): PayloadDecoder {
    const text = bytes.toString('latin1', start, end);
    let payloadDecoder = this.#payloadDecoders.get(text);
    if (payloadDecoder === undefined) {
      this.#reader.open(bytes, start, end);
      payloadDecoder = this.#createPayloadDecoder(readSchema(this.#reader, this.#decoders));
      if (this.#payloadDecoders.size >= this.#cacheSize) {
        for (const oldest of this.#payloadDecoders.keys()) {
          this.#payloadDecoders.delete(oldest);
          break;
        }
      }
    } else this.#payloadDecoders.delete(text);
    this.#payloadDecoders.set(text, payloadDecoder);
    return payloadDecoder;
  }

  #createPayloadDecoder(schema: Schema | null): PayloadDecoder {
    return { schema, decoder: schema === null ? undefined : this.#decoders.decoderOf(schema) };
  }

  #cachePrefix(topic: string, bytes: Buffer, payloadDecoder: PayloadDecoder): void {
    if (payloadDecoder.decoder === undefined) return;
    const prefix = { bytes: Buffer.from(bytes), ...payloadDecoder };
    if (this.#prefixes.size >= this.#cacheSize) this.#prefixes.clear();
    this.#prefixes.set(topic, prefix);
    this.#lastPrefix = prefix;
  }
}

function envelopeError(): DataError {
  return new DataError(
    'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields. ' +
      'If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.',
  );
}

function writeClosingBrace(out: ByteWriter): void {
  out.reserve(1);
  out.buffer[out.length++] = CLOSE;
}

const startsWith = (bytes: Buffer, prefix: Buffer): boolean =>
  bytes.length > prefix.length && prefix.compare(bytes, 0, prefix.length) === 0;

function isBlank(bytes: Buffer, start: number): boolean {
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false;
  }
  return true;
}

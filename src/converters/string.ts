import type { ByteWriter, Converter, ConverterFactory, Schema, SchemaAndValue, Value } from '../api/index.ts';
import { javaString, schemaOf } from '../api/index.ts';
import type { Config } from '../config/spec.ts';
import { defineConfig, stringKey } from '../config/spec.ts';
import { replaceUnmappable } from '../data/java-encoding.ts';
import { DataError } from '../errors.ts';
import { converterType } from './converter-type.ts';

/** Java's names of the character sets that Node can encode. */
const encodings = new Map<string, BufferEncoding>([
  ['utf-8', 'utf8'],
  ['utf8', 'utf8'],
  ['us-ascii', 'ascii'],
  ['ascii', 'ascii'],
  ['iso-8859-1', 'latin1'],
  ['latin1', 'latin1'],
  ['utf-16le', 'utf16le'],
]);

const config = defineConfig({
  ...converterType,
  'converter.encoding': stringKey({
    doc: 'The character set of the bytes: UTF-8, US-ASCII, ISO-8859-1 or UTF-16LE.',
    default: 'UTF-8',
    importance: 'high',
    width: 'medium',
    displayName: 'Encoding',
    check: name => (encodings.has(name.trim().toLowerCase()) ? undefined : 'Unsupported encoding'),
  }),
});

const optionalString = schemaOf('string', { optional: true });

/** Kafka Connect's StringConverter: writes any value as text and reads text as an optional string. */
export const stringConverter: ConverterFactory<Config<typeof config>> = {
  config,
  create: settings => new StringConverter(encodings.get(settings['converter.encoding'].trim().toLowerCase()) ?? 'utf8'),
};

class StringConverter implements Converter {
  readonly #encoding: BufferEncoding;

  constructor(encoding: BufferEncoding) {
    this.#encoding = encoding;
  }

  fromConnect(_topic: string, schema: Schema | null, value: Value, out: ByteWriter): boolean {
    if (value === null || value === undefined) return false;
    const text = replaceUnmappable(typeof value === 'string' ? value : javaString(schema, value), this.#encoding);
    if (this.#encoding === 'utf8') out.utf8(text);
    else out.raw(Buffer.from(text, this.#encoding));
    return true;
  }

  toConnect(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return { schema: optionalString, value: null };
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.#encoding === 'ascii' && buffer.some(byte => byte > 0x7f))
      throw new DataError('Failed to deserialize string: a byte is not US-ASCII.');
    return { schema: optionalString, value: buffer.toString(this.#encoding) };
  }
}

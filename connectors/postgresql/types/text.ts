import type { PrimitiveSchema } from '../../../src/api/index.ts';
import { schemaOf } from '../../../src/api/index.ts';
import { type Codec, type DefaultText, latin1 } from '../../../src/cdc/record/codec.ts';
import { writeQuoted } from '../../../src/data/json/json-text.ts';
import { SemanticType } from '../../../src/debezium/semantic-type.ts';

interface TextOptions {
  /** Logical name, version 1. */
  readonly name?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly missing?: string;
  readonly defaults?: DefaultText;
}

const stringSchema = ({ name, parameters }: TextOptions): PrimitiveSchema =>
  schemaOf('string', {
    ...(name === undefined ? {} : { name, version: 1 }),
    ...(parameters === undefined ? {} : { parameters }),
  });

/** Text unchanged, copied with JSON's escapes. */
export function text(options: TextOptions = {}): Codec {
  return {
    schema: stringSchema(options),
    value: (bytes, start, end) => bytes.toString('utf8', start, end),
    json(bytes, start, end, out) {
      out.jsonBytes(bytes, start, end);
      return true;
    },
    missing: options.missing ?? '',
    ...(options.defaults === undefined ? {} : { defaults: options.defaults }),
  };
}

/** Text that never needs escaping: addresses, UUIDs. */
export function plainText(options: TextOptions = {}): Codec {
  return {
    ...text(options),
    value: latin1,
    json(bytes, start, end, out) {
      writeQuoted(out, bytes, start, end);
      return true;
    },
  };
}

/** An enum has the labels that are in the catalog now. */
export const enumeration = (labels: readonly string[]): Codec =>
  text({
    name: SemanticType.Enum,
    parameters: { allowed: labels.join(',') },
    ...(labels[0] === undefined ? {} : { defaults: { zero: labels[0] } }),
  });

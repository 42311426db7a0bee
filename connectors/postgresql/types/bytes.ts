import type { Value } from '../../../src/api/index.ts';
import { schemaOf } from '../../../src/api/index.ts';
import { type Codec, latin1 } from '../../../src/cdc/record/codec.ts';
import { writeBase64, writeQuoted } from '../../../src/data/json/json-text.ts';

/** `binary.handling.mode` */
export type BinaryMode = 'bytes' | 'base64' | 'base64-url-safe' | 'hex';

/** Decoding of a column's text to bytes: bytea as `\x0102`, other types as the text itself. */
interface Bytes {
  decode(bytes: Buffer, start: number, end: number): Buffer;
}

const HEX_PREFIX = 2;

const fromHex: Bytes = {
  decode: (bytes, start, end) => Buffer.from(latin1(bytes, start + HEX_PREFIX, end), 'hex'),
};
const asItIs: Bytes = {
  decode: (bytes, start, end) => Buffer.from(bytes.subarray(start, end)),
};

function binary(mode: BinaryMode, { decode }: Bytes): Codec {
  if (mode === 'bytes')
    return {
      schema: schemaOf('bytes'),
      value: decode,
      json(bytes, start, end, out) {
        const decoded = decode(bytes, start, end);
        writeBase64(out, decoded, 0, decoded.length);
        return true;
      },
      missing: Buffer.alloc(0),
    };
  const print = (decoded: Buffer): string => {
    if (mode === 'hex') return decoded.toString('hex');
    const text = decoded.toString('base64');
    // With padding, unlike Node's base64url.
    return mode === 'base64' ? text : text.replaceAll('+', '-').replaceAll('/', '_');
  };
  return {
    schema: schemaOf('string'),
    value: (bytes, start, end): Value => print(decode(bytes, start, end)),
    json(bytes, start, end, out) {
      if (mode === 'hex' && decode === fromHex.decode) writeQuoted(out, bytes, start + HEX_PREFIX, end);
      else {
        const decoded = decode(bytes, start, end);
        if (mode === 'hex') out.ascii(`"${decoded.toString('hex')}"`);
        else writeBase64(out, decoded, 0, decoded.length, mode === 'base64-url-safe');
      }
      return true;
    },
    missing: '',
  };
}

export const bytea = (mode: BinaryMode): Codec => binary(mode, fromHex);

/** `include.unknown.datatypes`: the bytes of the text of a type that has no codec. */
export const unknown = (mode: BinaryMode): Codec => binary(mode, asItIs);

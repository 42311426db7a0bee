import { schemaOf } from '../../../src/api/index.ts';
import type { Codec } from '../../../src/cdc/record/codec.ts';
import { writeBase64, writeBoolean } from '../../../src/data/json/json-text.ts';
import { SemanticType } from '../../../src/debezium/semantic-type.ts';

const ONE = 0x31;
const UNLIMITED = 2_147_483_647;

/** bit(1) */
const single: Codec = {
  schema: schemaOf('boolean'),
  value: (bytes, start) => bytes[start] === ONE,
  json(bytes, start, _end, out) {
    writeBoolean(out, bytes[start] === ONE);
    return true;
  },
  missing: false,
  defaults: { zero: '0' },
};

/** Encodes bits like `java.util.BitSet.toByteArray`: the last bit of the text is bit 0 of byte 0; trailing zero bytes are omitted. */
function toBytes(bytes: Buffer, start: number, end: number): Buffer {
  let first = start;
  while (first < end && bytes[first] !== ONE) first++;
  const set = Buffer.alloc(Math.ceil((end - first) / 8));
  for (let i = first; i < end; i++)
    if (bytes[i] === ONE) {
      const bit = end - 1 - i;
      set[bit >> 3] = (set[bit >> 3] as number) | (1 << (bit & 7));
    }
  return set;
}

const many = (length: number): Codec => ({
  schema: schemaOf('bytes', { name: SemanticType.Bits, version: 1, parameters: { length: String(length) } }),
  value: toBytes,
  json(bytes, start, end, out) {
    const set = toBytes(bytes, start, end);
    writeBase64(out, set, 0, set.length);
    return true;
  },
  missing: Buffer.alloc(0),
  defaults: { zero: '0' },
});

export const bit = (typmod: number): Codec => (typmod <= 1 ? single : many(typmod));
export const varbit = (typmod: number): Codec => (typmod === 1 ? single : many(typmod < 0 ? UNLIMITED : typmod));

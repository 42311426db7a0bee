import { schemaOf } from '../../../src/api/index.ts';
import { writeBoolean } from '../json-text.ts';
import { type Codec, latin1 } from './codec.ts';

const QUOTE = 0x22;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

const copied = (
  type: 'int16' | 'int32' | 'int64' | 'float32' | 'float64',
  read: (text: string) => number | bigint,
): Codec => ({
  schema: schemaOf(type),
  value: (bytes, start, end) => read(latin1(bytes, start, end)),
  json(bytes, start, end, out) {
    out.copy(bytes, start, end);
    return true;
  },
  missing: read('0'),
  unavailable: () => null,
  defaults: { zero: '0' },
});

/** Whole numbers are copied as they are. */
export const int16 = copied('int16', Number);
export const int32 = copied('int32', Number);
export const int64 = copied('int64', BigInt);
/** oid: unsigned 32 bits. */
export const oid: Codec = withoutDefaults(int64);

/** PostgreSQL prints the shortest text that reads back exactly; NaN and the infinities are strings in JSON. */
const floating = (type: 'float32' | 'float64'): Codec => ({
  ...copied(type, Number),
  json(bytes, start, end, out) {
    const finite = isDigit(bytes[end - 1]);
    if (finite) out.copy(bytes, start, end);
    else {
      out.reserve(2);
      out.buffer[out.length++] = QUOTE;
      out.copy(bytes, start, end);
      out.reserve(1);
      out.buffer[out.length++] = QUOTE;
    }
    return true;
  },
});
export const float32 = floating('float32');
export const float64 = floating('float64');

const T = 0x74;

/** `t` and `f`; `true` and `false` in DEFAULT clauses. */
export const boolean: Codec = {
  schema: schemaOf('boolean'),
  value: (bytes, start) => bytes[start] === T,
  json(bytes, start, _end, out) {
    writeBoolean(out, bytes[start] === T);
    return true;
  },
  missing: false,
  unavailable: () => null,
  defaults: { zero: 'f' },
};

function withoutDefaults({ defaults: _, ...codec }: Codec): Codec {
  return codec;
}

import { javaDouble, javaFloat, schemaOf } from '../../../src/api/index.ts';
import { type Codec, latin1 } from '../../../src/cdc/record/codec.ts';
import { writeBoolean, writeQuoted } from '../../../src/data/json/json-text.ts';

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
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
  defaults: { zero: '0' },
});

/** Integers are copied unchanged. */
export const int16 = copied('int16', Number);
export const int32 = copied('int32', Number);
export const int64 = copied('int64', BigInt);
/** oid: unsigned 32 bits. */
export const oid: Codec = withoutDefaults(int64);

/**
 * PostgreSQL prints the shortest digits that parse to the same number, like Java, so most texts are equal to Java's. NaN
 * and the infinities are strings in JSON.
 */
const floating = (type: 'float32' | 'float64', javaText: (value: number) => string): Codec => ({
  ...copied(type, Number),
  json(bytes, start, end, out) {
    if (!isDigit(bytes[end - 1])) {
      writeQuoted(out, bytes, start, end);
      return true;
    }
    const point = javaPoint(bytes, start, end);
    if (point === undefined) {
      out.ascii(javaText(Number(latin1(bytes, start, end))));
      return true;
    }
    out.copy(bytes, start, end);
    if (point < 0) out.raw(POINT_ZERO);
    return true;
  },
});

/** Integer digits of a number that Java prints without an exponent. */
const MAX_WHOLE = 7;
const POINT_ZERO = Buffer.from('.0');

/**
 * Returns the index of the decimal point, -1 without one, of a number that Java prints with the same digits (and with `.0`
 * when there is no point). undefined when Java prints it in another form, such as with an exponent.
 */
function javaPoint(bytes: Uint8Array, start: number, end: number): number | undefined {
  const first = bytes[start] === MINUS ? start + 1 : start;
  let point = -1;
  for (let at = first; at < end; at++) {
    const byte = bytes[at];
    if (byte === POINT) point = at;
    else if (!isDigit(byte)) return undefined;
  }
  if ((point < 0 ? end : point) - first > MAX_WHOLE) return undefined;
  const isSmall = bytes[first] === ZERO && point > 0 && bytes[point + 1] === ZERO && bytes[point + 2] === ZERO;
  return isSmall ? undefined : point;
}

export const float32 = floating('float32', value => javaFloat(Math.fround(value)));
export const float64 = floating('float64', javaDouble);

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
  defaults: { zero: 'f' },
};

function withoutDefaults({ defaults: _, ...codec }: Codec): Codec {
  return codec;
}

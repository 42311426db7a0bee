import type { Value } from '../../../src/api/index.ts';
import { messageOf } from '../../../src/errors.ts';
import type { Messages } from '../protocol/messages.ts';
import { type Encoder, InvalidValueError, wireTypes, wrongType } from './encoder.ts';

/** Up to this length, a loop is faster than Buffer.write. */
const MAX_LOOP_LENGTH = 24;

/** Encoder of strings. */
export const text: Encoder = {
  wire: wireTypes.text,
  encode(values, count, out) {
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) out.int32(-1);
      else if (typeof value === 'string') writeText(value, i, out);
      else throw wrongType(i, value, 'text');
    }
  },
};

/** Encoder of values as text. render: returns the text or null, and throws Error for values that have none. */
export const textEncoder = (render: (value: NonNullable<Value>) => string | null): Encoder => ({
  wire: wireTypes.text,
  encode(values, count, out) {
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        out.int32(-1);
        continue;
      }
      let literal: string | null;
      try {
        literal = render(value);
      } catch (error) {
        throw new InvalidValueError(i, messageOf(error));
      }
      if (literal === null) out.int32(-1);
      else writeText(literal, i, out);
    }
  },
});

/** Appends text as its length and UTF-8. PostgreSQL supports neither U+0000 nor lone surrogates. */
function writeText(value: string, row: number, out: Messages): void {
  const n = value.length;
  out.reserve(4 + n * 3);
  const { buffer, data } = out;
  const start = out.length + 4;
  if (n <= MAX_LOOP_LENGTH) {
    let i = 0;
    for (; i < n; i++) {
      const code = value.charCodeAt(i);
      if (code === 0 || code > 0x7f) break;
      buffer[start + i] = code;
    }
    if (i === n) {
      data.setInt32(start - 4, n);
      out.length = start + n;
      return;
    }
  }
  const bytes = buffer.write(value, start);
  if (bytes !== n && !value.isWellFormed())
    throw new InvalidValueError(row, 'text with a lone surrogate, which is not a character');
  if (value.includes('\0'))
    throw new InvalidValueError(row, 'text with the character U+0000, which PostgreSQL cannot store');
  data.setInt32(start - 4, bytes);
  out.length = start + bytes;
}

export const bytea: Encoder = {
  wire: wireTypes.bytea,
  encode(values, count, out) {
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        out.int32(-1);
        continue;
      }
      if (!(value instanceof Uint8Array)) throw wrongType(i, value, 'bytes');
      out.int32(value.length);
      out.raw(value);
    }
  },
};

/** Throws Error for other text. */
export function decodeBase64(value: unknown): Buffer {
  if (typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value)) return Buffer.from(value, 'base64');
  throw new Error('text that is not base64, for a column of bytes');
}

/** Encoder of bytes in base64, their form in schemaless JSON. */
export const base64: Encoder = {
  wire: wireTypes.bytea,
  encode(values, count, out) {
    const decoded = new Array<Value>(count);
    for (let i = 0; i < count; i++) {
      const value = values[i] ?? null;
      try {
        decoded[i] = typeof value === 'string' ? decodeBase64(value) : value;
      } catch (error) {
        throw new InvalidValueError(i, messageOf(error));
      }
    }
    bytea.encode(decoded, count, out);
  },
};

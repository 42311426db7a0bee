import type { Value } from '../../../src/api/index.ts';
import { messageOf } from '../../../src/errors.ts';
import type { Messages } from '../protocol/messages.ts';
import { BadValue, type Encoder, wires, wrongType } from './encoder.ts';

/** Up to this many characters a loop is cheaper than a call into the runtime. */
const LOOP = 24;

/** Strings as they are. */
export const text: Encoder = {
  wire: wires.text,
  encode(values, count, out) {
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) out.int32(-1);
      else if (typeof value === 'string') putText(value, i, out);
      else throw wrongType(i, value, 'text');
    }
  },
};

/** Values for which `render` has the text; null makes SQL's null of it. Throws Error for what it cannot render. */
export const rendered = (render: (value: NonNullable<Value>) => string | null): Encoder => ({
  wire: wires.text,
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
        throw new BadValue(i, messageOf(error));
      }
      if (literal === null) out.int32(-1);
      else putText(literal, i, out);
    }
  },
});

/** Appends text as its length and UTF-8. PostgreSQL knows neither U+0000 nor half a surrogate pair. */
function putText(value: string, row: number, out: Messages): void {
  const n = value.length;
  out.reserve(4 + n * 3);
  const { buffer, data } = out;
  const start = out.length + 4;
  if (n <= LOOP) {
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
  const written = buffer.write(value, start);
  if (written !== n && !value.isWellFormed())
    throw new BadValue(row, 'text with half a surrogate pair, which is no character');
  if (value.includes('\0')) throw new BadValue(row, 'text with the character U+0000, which PostgreSQL cannot store');
  data.setInt32(start - 4, written);
  out.length = start + written;
}

export const bytea: Encoder = {
  wire: wires.bytea,
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

/** Throws Error for what is not base64. */
export function bytesOf(value: unknown): Buffer {
  if (typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value)) return Buffer.from(value, 'base64');
  throw new Error('text that is not base64, for a column of bytes');
}

/** Bytes in base64, as schemaless JSON has them. */
export const base64: Encoder = {
  wire: wires.bytea,
  encode(values, count, out) {
    const decoded = new Array<Value>(count);
    for (let i = 0; i < count; i++) {
      const value = values[i] ?? null;
      try {
        decoded[i] = typeof value === 'string' ? bytesOf(value) : value;
      } catch (error) {
        throw new BadValue(i, messageOf(error));
      }
    }
    bytea.encode(decoded, count, out);
  },
};

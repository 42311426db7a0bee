import type { Schema, Value } from '../../../src/api/index.ts';
import { arrayOf, withOptional } from '../../../src/api/index.ts';
import type { Codec } from '../../../src/cdc/record/codec.ts';
import { NULL_TEXT } from '../../../src/data/json/json-text.ts';

const OPEN = 0x7b;
const CLOSE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;

type Element = (bytes: Buffer, start: number, end: number) => void;

/**
 * Calls `element` for each element of `{1,"a\"b",NULL}`, with start -1 for NULL. Nested braces are flattened, because
 * the schema of an array column does not contain the number of dimensions of a value.
 */
function eachElement(bytes: Buffer, start: number, end: number, delimiter: number, element: Element): void {
  let at = start;
  while (at < end && bytes[at] !== OPEN) at++;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte === OPEN || byte === CLOSE || byte === delimiter) at++;
    else if (byte === QUOTE) at = quoted(bytes, at + 1, element);
    else {
      const from = at;
      while (bytes[at] !== delimiter && bytes[at] !== CLOSE) at++;
      if (isNull(bytes, from, at)) element(bytes, -1, -1);
      else element(bytes, from, at);
    }
  }
}

const isNull = (bytes: Buffer, start: number, end: number): boolean =>
  end - start === 4 && bytes[start] === 0x4e && bytes.toString('latin1', start, end) === 'NULL';

/** Starts after the opening quote; returns the index after the closing one. */
function quoted(bytes: Buffer, start: number, element: Element): number {
  let at = start;
  let escaped = false;
  for (; bytes[at] !== QUOTE; at++)
    if (bytes[at] === BACKSLASH) {
      escaped = true;
      at++;
    }
  if (!escaped) element(bytes, start, at);
  else {
    const plain = Buffer.allocUnsafe(at - start);
    let length = 0;
    for (let i = start; i < at; i++) {
      if (bytes[i] === BACKSLASH) i++;
      plain[length++] = bytes[i] as number;
    }
    element(plain, 0, length);
  }
  return at + 1;
}

/** delimiter: `typdelim` of the element type, a comma except for box. */
export function array(item: Codec, delimiter = ','): Codec {
  const between = delimiter.charCodeAt(0);
  const schema = arrayOf(withOptional(item.schema as Schema, true));
  const { unavailable } = item;
  return {
    schema,
    value(bytes, start, end) {
      const values: Value[] = [];
      let hasAll = true;
      eachElement(bytes, start, end, between, (b, s, e) => {
        const value = s < 0 ? null : item.value(b, s, e);
        if (value === null && s >= 0) hasAll = false;
        values.push(value);
      });
      return hasAll || item.nullForNaN ? values : null;
    },
    json(bytes, start, end, out) {
      const before = out.length;
      out.reserve(1);
      out.buffer[out.length++] = OPEN_LIST;
      let first = true;
      let hasAll = true;
      eachElement(bytes, start, end, between, (b, s, e) => {
        if (!first) {
          out.reserve(1);
          out.buffer[out.length++] = COMMA;
        }
        first = false;
        if (s < 0) out.raw(NULL_TEXT);
        else if (!item.json(b, s, e, out)) {
          hasAll = false;
          out.raw(NULL_TEXT);
        }
      });
      if (!hasAll && !item.nullForNaN) {
        out.length = before;
        return false;
      }
      out.reserve(1);
      out.buffer[out.length++] = CLOSE_LIST;
      return true;
    },
    missing: [],
    ...(unavailable === undefined ? {} : { unavailable: placeholder => [unavailable(placeholder)] }),
  };
}

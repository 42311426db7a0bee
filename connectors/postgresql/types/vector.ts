import { arrayOf } from '../../../src/api/index.ts';
import type { Codec } from '../../../src/cdc/record/codec.ts';
import { latin1 } from '../../../src/cdc/record/codec.ts';
import { float32, float64 } from './numbers.ts';

const COMMA = 0x2c;

/** pgvector's `[1,2.5,3]`. */
const vectorOf = (name: string, item: Codec): Codec => ({
  schema: arrayOf(item.schema, { name: `io.debezium.data.${name}`, version: 1 }),
  value: (bytes, start, end) => JSON.parse(latin1(bytes, start, end)) as number[],
  json(bytes, start, end, out) {
    out.copy(bytes, start, start + 1);
    for (let at = start + 1; at < end; ) {
      const from = at;
      while (at < end - 1 && bytes[at] !== COMMA) at++;
      if (at > from) item.json(bytes, from, at, out);
      out.copy(bytes, at, at + 1);
      at++;
    }
    return true;
  },
  missing: [],
});

export const vector = vectorOf('DoubleVector', float64);
export const halfVector = vectorOf('FloatVector', float32);

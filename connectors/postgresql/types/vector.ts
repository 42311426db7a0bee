import { arrayOf } from '../../../src/api/index.ts';
import type { Codec } from './codec.ts';
import { latin1 } from './codec.ts';
import { float32, float64 } from './numbers.ts';

/** pgvector's `[1,2.5,3]`, which is JSON as it stands. */
const vectorOf = (name: string, item: Codec): Codec => ({
  schema: arrayOf(item.schema, { name: `io.debezium.data.${name}`, version: 1 }),
  value: (bytes, start, end) => JSON.parse(latin1(bytes, start, end)) as number[],
  json(bytes, start, end, out) {
    out.copy(bytes, start, end);
    return true;
  },
  missing: [],
  unavailable: () => null,
});

export const vector = vectorOf('DoubleVector', float64);
export const halfVector = vectorOf('FloatVector', float32);

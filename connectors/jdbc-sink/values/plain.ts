import type { Value } from '../../../src/api/index.ts';
import type { Column } from '../table/catalogue.ts';
import { dateText, timestampText, timeText } from './calendar.ts';
import type { Encoder } from './encoder.ts';
import { hstoreText, isPlainObject, jsonText, plainArrayLiteral, plainText } from './literals.ts';
import { base64, rendered } from './text.ts';

const numbers = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'money', 'oid']);

/**
 * Values without a schema, for a column whose type says what they mean.
 *
 * Numbers in columns of dates and times are what Debezium writes by default: days since 1970; milliseconds where the
 * column has up to three decimals, else microseconds.
 */
export function plainEncoder(column: Column): Encoder {
  const { type } = column;
  if (type === 'bytea') return base64;
  if (type === 'json' || type === 'jsonb')
    return rendered(value => (typeof value === 'string' ? value : jsonText(value)));
  if (type === 'hstore') return rendered(value => (typeof value === 'string' ? value : hstoreText(value)));
  if (type === 'vector' || type === 'halfvec')
    return rendered(value => (Array.isArray(value) ? jsonText(value) : plainText(value)));
  if (column.array) return rendered(value => (Array.isArray(value) ? plainArrayLiteral(value) : plainText(value)));
  if (numbers.has(type)) return rendered(value => (typeof value === 'boolean' ? (value ? '1' : '0') : scalar(value)));
  if (type === 'bit' || type === 'varbit')
    return rendered(value => (typeof value === 'boolean' ? (value ? '1' : '0') : scalar(value)));
  const clock = clockOf(column);
  return rendered(clock === undefined ? scalar : value => (isWhole(value) ? clock(BigInt(value)) : scalar(value)));
}

const isWhole = (value: Value): value is number | bigint => typeof value === 'bigint' || Number.isSafeInteger(value);

function scalar(value: NonNullable<Value>): string {
  return Array.isArray(value) || isPlainObject(value) ? jsonText(value) : plainText(value);
}

function clockOf({ type, modifier }: Column): ((value: bigint) => string) | undefined {
  const factor = modifier >= 0 && modifier <= 3 ? 1000n : 1n;
  switch (type) {
    case 'date':
      return value => {
        const { date, era } = dateText(Number(value));
        return date + era;
      };
    case 'time':
      return value => timeText(value * factor);
    case 'timestamp':
      return value => timestampText(value * factor);
    case 'timestamptz':
      return value => timestampText(value * factor, '+00');
    default:
      return undefined;
  }
}

import { Float64, type Value } from '../../../src/api/index.ts';
import type { Column } from '../table/catalogue.ts';
import { timeText } from './calendar.ts';
import type { Encoder } from './encoder.ts';
import {
  daysText,
  hstoreText,
  inQuotes,
  isPlainObject,
  jsonText,
  type Literal,
  microsText,
  plainText,
} from './literals.ts';
import { base64, bytesOf, rendered } from './text.ts';

/** Types in which a boolean is 1 or 0. */
const numbers = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'money', 'oid', 'bit', 'varbit']);

/**
 * Values without a schema, for a column whose type says what they mean.
 *
 * Numbers in columns of dates and times are what Debezium writes by default: days since 1970; milliseconds where the
 * column has up to three decimals, else microseconds.
 */
export function plainEncoder(column: Column): Encoder {
  return column.type === 'bytea' ? base64 : rendered(literalFor(column));
}

function literalFor(column: Column): Literal {
  const { type } = column;
  if (column.array) return arrayFor(column);
  switch (type) {
    case 'bytea':
      return value => `\\x${bytesOf(value).toString('hex')}`;
    case 'json':
    case 'jsonb':
      return value => (typeof value === 'string' ? value : jsonText(value));
    case 'hstore':
      return hstore;
    case 'vector':
    case 'halfvec':
      return value => (Array.isArray(value) ? jsonText(value) : plainText(value));
    default:
      break;
  }
  if (numbers.has(type)) return value => (typeof value === 'boolean' ? (value ? '1' : '0') : scalar(value));
  const clock = clockOf(column);
  if (clock === undefined) return scalar;
  return given => {
    const value = given instanceof Float64 ? given.value : given;
    return isWhole(value) ? clock(BigInt(value)) : scalar(value);
  };
}

/** Arrays within an array are of the same column. */
function arrayFor(column: Column): Literal {
  const element = literalFor({ ...column, type: column.element ?? 'text', array: false, element: null });
  const delimiter = column.element === 'box' ? ';' : ',';
  const list = (values: readonly Value[]): string => {
    const items = values.map(item => {
      if (item === null || item === undefined) return 'NULL';
      return Array.isArray(item) ? list(item) : inQuotes(element(item));
    });
    return `{${items.join(delimiter)}}`;
  };
  return value => (Array.isArray(value) ? list(value) : plainText(value));
}

/** JSON text is how Debezium has it by default. */
const hstore: Literal = value => {
  if (typeof value !== 'string') return hstoreText(value);
  return value.startsWith('{') && value.endsWith('}') ? hstoreText(JSON.parse(value)) : value;
};

const isWhole = (value: Value): value is number | bigint => typeof value === 'bigint' || Number.isSafeInteger(value);

function scalar(value: NonNullable<Value>): string {
  return Array.isArray(value) || isPlainObject(value) ? jsonText(value) : plainText(value);
}

function clockOf({ type, modifier }: Column): ((value: bigint) => string) | undefined {
  const factor = modifier >= 0 && modifier <= 3 ? 1000n : 1n;
  switch (type) {
    case 'date':
      return value => daysText(Number(value));
    case 'time':
      return value => timeText(value * factor);
    case 'timestamp':
      return value => microsText(value * factor);
    case 'timestamptz':
      return value => microsText(value * factor, '+00');
    default:
      return undefined;
  }
}

import { Float64, type Value } from '../../../src/api/index.ts';
import type { Column } from '../table/catalogue.ts';
import { timeText } from './calendar.ts';
import type { Encoder } from './encoder.ts';
import { jsonText, plainText } from './json-text.ts';
import { isPlainObject, type Literal } from './literal.ts';
import { hstoreText, quoteElement } from './literals.ts';
import { daysText, microsText } from './temporal-text.ts';
import { base64, decodeBase64, textEncoder } from './text.ts';

/** Types whose columns receive booleans as 1 or 0. */
const numericTypes = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'money', 'oid', 'bit', 'varbit']);

/**
 * Encoder of schemaless values, which are interpreted by the column's type.
 *
 * Numbers for date and time columns have Debezium's default units: days since 1970; milliseconds if the column has up to
 * three fractional digits, otherwise microseconds.
 */
export function schemalessEncoder(column: Column): Encoder {
  return column.type === 'bytea' ? base64 : textEncoder(columnLiteral(column));
}

function columnLiteral(column: Column): Literal {
  const { type } = column;
  if (column.array) return arrayLiteral(column);
  switch (type) {
    case 'bytea':
      return value => `\\x${decodeBase64(value).toString('hex')}`;
    case 'json':
    case 'jsonb':
      return value => (typeof value === 'string' ? value : jsonText(value));
    case 'hstore':
      return hstoreLiteral;
    case 'vector':
    case 'halfvec':
      return value => (Array.isArray(value) ? jsonText(value) : plainText(value));
    default:
      break;
  }
  if (numericTypes.has(type)) return value => (typeof value === 'boolean' ? (value ? '1' : '0') : scalarText(value));
  const time = timeLiteral(column);
  if (time === undefined) return scalarText;
  return item => {
    const value = item instanceof Float64 ? item.value : item;
    return isWhole(value) ? time(BigInt(value)) : scalarText(value);
  };
}

/** Literals of an array column, nested arrays included. */
function arrayLiteral(column: Column): Literal {
  const element = columnLiteral({ ...column, type: column.element ?? 'text', array: false, element: null });
  const delimiter = column.element === 'box' ? ';' : ',';
  const list = (values: readonly Value[]): string => {
    const items = values.map(item => {
      if (item === null || item === undefined) return 'NULL';
      return Array.isArray(item) ? list(item) : quoteElement(element(item));
    });
    return `{${items.join(delimiter)}}`;
  };
  return value => (Array.isArray(value) ? list(value) : plainText(value));
}

/** Accepts hstore text, maps, and JSON text, which is Debezium's default. */
const hstoreLiteral: Literal = value => {
  if (typeof value !== 'string') return hstoreText(value);
  return value.startsWith('{') && value.endsWith('}') ? hstoreText(JSON.parse(value)) : value;
};

const isWhole = (value: Value): value is number | bigint => typeof value === 'bigint' || Number.isSafeInteger(value);

function scalarText(value: NonNullable<Value>): string {
  return Array.isArray(value) || isPlainObject(value) ? jsonText(value) : plainText(value);
}

function timeLiteral({ type, modifier }: Column): ((value: bigint) => string) | undefined {
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

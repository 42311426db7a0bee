import { Decimal, LogicalName, type PrimitiveSchema, schemaOf } from '../../../src/api/index.ts';
import { parseInstant, parseTimeOfDay } from './instants.ts';
import type { Decode } from './row.ts';
import { zoneOf } from './time-zone.ts';

/** Schema of a column, and the decoder of its cells. */
export interface ColumnType {
  schema(optional: boolean): PrimitiveSchema;
  readonly decode: Decode;
}

const columnType = (type: PrimitiveSchema['type'], decode: Decode): ColumnType => ({
  schema: optional => schemaOf(type, { optional }),
  decode,
});

const whole = (type: 'int8' | 'int16' | 'int32', bits: number) =>
  columnType(type, cell => {
    const value = Number(cell.toString());
    if (!Number.isInteger(value) || value >= 2 ** (bits - 1) || value < -(2 ** (bits - 1)))
      throw new Error(`the number is out of the range of ${type}`);
    return value;
  });

export const int8 = whole('int8', 8);
export const int16 = whole('int16', 16);
export const int32 = whole('int32', 32);
export const int64 = columnType('int64', cell => {
  const value = BigInt(cell.toString());
  if (BigInt.asIntN(64, value) !== value) throw new Error('the number is out of the range of int64');
  return value;
});
const float = (cell: string | Buffer) => Number(cell.toString());
export const float32 = columnType('float32', float);
export const float64 = columnType('float64', float);
export const text = columnType('string', cell => cell.toString());
export const boolean = columnType('boolean', cell => cell.toString() === 't');
/** PostgreSQL's hexadecimal bytea, or raw bytes. */
export const bytes = columnType('bytes', cell =>
  typeof cell === 'string' ? Buffer.from(cell.startsWith('\\x') ? cell.slice(2) : cell, 'hex') : cell,
);
/** MySQL's bit(1), a number in JDBC. */
export const bit = columnType('int8', cell => (cell as Buffer)[0] ?? 0);

/** Decimals of a column with one scale; more fractional digits are an error. */
export function decimal(scale: number): ColumnType {
  return {
    schema: optional =>
      schemaOf('bytes', { optional, name: LogicalName.Decimal, version: 1, parameters: { scale: String(scale) } }),
    decode(cell) {
      const match = /^(-?\d+)(?:\.(\d*))?$/.exec(cell.toString());
      // PostgreSQL's NaN and infinities do not exist in BigDecimal.
      if (match === null) throw new Error("Connect's Decimal has no NaN and no infinities");
      const fraction = (match[2] ?? '').replace(/(?<!0)0+$/, '');
      if (fraction.length > scale) throw new Error(`the number has more than ${scale} fractional digits`);
      return new Decimal(BigInt((match[1] ?? '') + fraction.padEnd(scale, '0')), scale);
    },
  };
}

const utc = zoneOf('UTC');
const logical = (type: 'int32' | 'int64', name: string, decode: Decode): ColumnType => ({
  schema: optional => schemaOf(type, { optional, name, version: 1 }),
  decode,
});
export const date = logical('int32', LogicalName.Date, cell => new Date(parseInstant(cell.toString(), utc).ms));
export const time = logical('int32', LogicalName.Time, cell => new Date(parseTimeOfDay(cell.toString())));
/** MySQL's YEAR, in JDBC the first day of the year. */
export const year = logical('int32', LogicalName.Date, cell => {
  const number = Number(cell.toString());
  if (number === 0) throw new Error('0000 is not a year');
  return new Date(Date.UTC(number, 0, 1));
});

/** The smallest integer type for a number of digits, up to 18. */
export function integerOf(precision: number): ColumnType {
  if (precision > 9) return int64;
  if (precision > 4) return int32;
  return precision > 2 ? int16 : int8;
}

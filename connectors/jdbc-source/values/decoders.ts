import { Decimal, LogicalName, type PrimitiveSchema, schemaOf } from '../../../src/api/index.ts';
import { readInstant, readTimeOfDay } from './instants.ts';
import type { Decode } from './row.ts';
import { zoneOf } from './time-zone.ts';

/** A column's schema, optional or not as the column is, and how its cells become values of it. */
export interface Kind {
  schema(optional: boolean): PrimitiveSchema;
  readonly decode: Decode;
}

const kind = (type: PrimitiveSchema['type'], decode: Decode): Kind => ({
  schema: optional => schemaOf(type, { optional }),
  decode,
});

const whole = (type: 'int8' | 'int16' | 'int32', bits: number) =>
  kind(type, cell => {
    const value = Number(cell.toString());
    if (!Number.isInteger(value) || value >= 2 ** (bits - 1) || value < -(2 ** (bits - 1)))
      throw new Error(`the number is beyond ${type}`);
    return value;
  });

export const int8 = whole('int8', 8);
export const int16 = whole('int16', 16);
export const int32 = whole('int32', 32);
export const int64 = kind('int64', cell => {
  const value = BigInt(cell.toString());
  if (BigInt.asIntN(64, value) !== value) throw new Error('the number is beyond int64');
  return value;
});
const float = (cell: string | Buffer) => Number(cell.toString());
export const float32 = kind('float32', float);
export const float64 = kind('float64', float);
export const text = kind('string', cell => cell.toString());
export const boolean = kind('boolean', cell => cell.toString() === 't');
/** PostgreSQL's hexadecimal bytea, or bytes as they are. */
export const bytes = kind('bytes', cell =>
  typeof cell === 'string' ? Buffer.from(cell.startsWith('\\x') ? cell.slice(2) : cell, 'hex') : cell,
);
/** MySQL's bit(1), which is a number to JDBC. */
export const bit = kind('int8', cell => (cell as Buffer)[0] ?? 0);

/** The scale is one for the whole column: more digits than it has cannot be written. */
export function decimal(scale: number): Kind {
  return {
    schema: optional =>
      schemaOf('bytes', { optional, name: LogicalName.Decimal, version: 1, parameters: { scale: String(scale) } }),
    decode(cell) {
      const text_ = cell.toString();
      const match = /^(-?\d+)(?:\.(\d*))?$/.exec(text_);
      // NaN and the infinities are numbers of PostgreSQL's, and none of Java's.
      if (match === null) throw new Error("NaN and the infinities are no numbers of Connect's Decimal");
      const fraction = (match[2] ?? '').replace(/(?<!0)0+$/, '');
      if (fraction.length > scale) throw new Error(`the number has more than ${scale} digits behind its point`);
      return new Decimal(BigInt((match[1] ?? '') + fraction.padEnd(scale, '0')), scale);
    },
  };
}

const utc = zoneOf('UTC');
const logical = (type: 'int32' | 'int64', name: string, decode: Decode): Kind => ({
  schema: optional => schemaOf(type, { optional, name, version: 1 }),
  decode,
});
export const date = logical('int32', LogicalName.Date, cell => new Date(readInstant(cell.toString(), utc).ms));
export const time = logical('int32', LogicalName.Time, cell => new Date(readTimeOfDay(cell.toString())));
/** MySQL's YEAR, the first day of which it is to JDBC. */
export const year = logical('int32', LogicalName.Date, cell => {
  const number = Number(cell.toString());
  if (number === 0) throw new Error('0000 is no year');
  return new Date(Date.UTC(number, 0, 1));
});

/** A whole number of up to 18 digits, in the smallest type that holds them. */
export function integerOf(precision: number): Kind {
  if (precision > 9) return int64;
  if (precision > 4) return int32;
  return precision > 2 ? int16 : int8;
}

import type { Value } from '../../../src/api/index.ts';
import type { Messages } from '../protocol/messages.ts';

/** A PostgreSQL type for sending values, and its array type: OIDs from `pg_type.dat`, the same in all versions. */
export interface WireType {
  readonly name: string;
  readonly oid: number;
  readonly array: number;
}

const wireType = (name: string, oid: number, array: number): WireType => ({ name: name, oid, array });

export const wireTypes = {
  bool: wireType('bool', 16, 1000),
  bytea: wireType('bytea', 17, 1001),
  int8: wireType('int8', 20, 1016),
  int4: wireType('int4', 23, 1007),
  text: wireType('text', 25, 1009),
  float4: wireType('float4', 700, 1021),
  float8: wireType('float8', 701, 1022),
  date: wireType('date', 1082, 1182),
  time: wireType('time', 1083, 1183),
  timestamp: wireType('timestamp', 1114, 1115),
  timestamptz: wireType('timestamptz', 1184, 1185),
  interval: wireType('interval', 1186, 1187),
  numeric: wireType('numeric', 1700, 1231),
} as const;

/** Encodes the values of one column. */
export interface Encoder {
  readonly wire: WireType;
  /**
   * Appends values[0, count), each as its length and its binary form; -1 for null. Throws InvalidValueError.
   */
  encode(values: readonly Value[], count: number, out: Messages): void;
}

/** A value that its column cannot hold. row: its index in the values passed to `encode`. */
export class InvalidValueError extends Error {
  readonly row: number;
  constructor(row: number, message: string) {
    super(message);
    this.row = row;
  }
}

/**
 * Appends a parameter: a one-dimensional array in binary form (`array_recv` in PostgreSQL's `arrayfuncs.c`).
 */
export function arrayParameter(encoder: Encoder, values: readonly Value[], count: number, out: Messages): void {
  const length = out.openLength();
  out.int32(1);
  out.int32(1); // may hold nulls
  out.int32(encoder.wire.oid);
  out.int32(count);
  out.int32(1); // first index
  encoder.encode(values, count, out);
  out.closeLength(length);
}

/** Type of a value for error messages, which never contain the value. */
export function typeDescription(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return value.constructor?.name ?? 'an object';
  return `a ${typeof value}`;
}

export function wrongType(row: number, value: unknown, expected: string): InvalidValueError {
  return new InvalidValueError(row, `${typeDescription(value)} but the schema requires ${expected}`);
}

import type { Value } from '../../../src/api/index.ts';
import type { Messages } from '../protocol/messages.ts';

/** A PostgreSQL type in which values travel, and its array type: OIDs from `pg_type.dat`, fixed for all versions. */
export interface WireType {
  readonly name: string;
  readonly oid: number;
  readonly array: number;
}

const wire = (name: string, oid: number, array: number): WireType => ({ name, oid, array });

export const wires = {
  bool: wire('bool', 16, 1000),
  bytea: wire('bytea', 17, 1001),
  int8: wire('int8', 20, 1016),
  int4: wire('int4', 23, 1007),
  text: wire('text', 25, 1009),
  float4: wire('float4', 700, 1021),
  float8: wire('float8', 701, 1022),
  date: wire('date', 1082, 1182),
  time: wire('time', 1083, 1183),
  timestamp: wire('timestamp', 1114, 1115),
  timestamptz: wire('timestamptz', 1184, 1185),
  interval: wire('interval', 1186, 1187),
  numeric: wire('numeric', 1700, 1231),
} as const;

/** Writes the values of one column. */
export interface Encoder {
  readonly wire: WireType;
  /**
   * Appends values[0, count), each as its length and its binary form; -1 for null. Throws BadValue.
   */
  encode(values: readonly Value[], count: number, out: Messages): void;
}

/** A value that its column cannot hold. `row`: its place among the values given to `encode`. */
export class BadValue extends Error {
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

/** What a value is, for a message: never the value itself. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return value.constructor?.name ?? 'an object';
  return `a ${typeof value}`;
}

export function wrongType(row: number, value: unknown, wanted: string): BadValue {
  return new BadValue(row, `${describe(value)} where the schema says ${wanted}`);
}

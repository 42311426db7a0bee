import { LogicalName, type PrimitiveSchema, schemaOf } from '../../../src/api/index.ts';
import type { ColumnType } from './decoders.ts';
import { type Instant, parseInstant } from './instants.ts';
import type { Decode } from './row.ts';
import type { Zone } from './time-zone.ts';

/** Confluent's values of timestamp.granularity. */
export const timestampGranularities = [
  'connect_logical',
  'micros_long',
  'micros_string',
  'micros_iso_datetime_string',
  'nanos_long',
  'nanos_string',
  'nanos_iso_datetime_string',
] as const;
export type TimestampGranularity = (typeof timestampGranularities)[number];

export interface TimestampFormat {
  readonly granularity: TimestampGranularity;
  /** db.timezone, the zone of ISO texts. */
  readonly zone: Zone;
}

/** Type of a timestamp column. localZone: zone of texts without an offset. */
export function timestamp(localZone: Zone, { granularity, zone }: TimestampFormat): ColumnType {
  const instantOf = (cell: string | Buffer): Instant => parseInstant(cell.toString(), localZone);
  switch (granularity) {
    case 'connect_logical':
      return kind('int64', cell => new Date(instantOf(cell).ms), LogicalName.Timestamp);
    case 'micros_long':
      return kind('int64', cell => checkInt64(nanosOf(instantOf(cell)) / 1000n));
    case 'micros_string':
      return kind('string', cell => String(nanosOf(instantOf(cell)) / 1000n));
    case 'micros_iso_datetime_string':
      return kind('string', cell => isoText(instantOf(cell), zone));
    case 'nanos_long':
      return kind('int64', cell => checkInt64(nanosOf(instantOf(cell))));
    case 'nanos_string':
      return kind('string', cell => String(nanosOf(instantOf(cell))));
    case 'nanos_iso_datetime_string':
      // Databases have microseconds.
      return kind('string', cell => `${isoText(instantOf(cell), zone)}000`);
  }
}

const kind = (type: PrimitiveSchema['type'], decode: Decode, name?: string): ColumnType => ({
  schema: optional => schemaOf(type, name === undefined ? { optional } : { optional, name, version: 1 }),
  decode,
});

/** Nanoseconds since 1970, truncated to microseconds. */
const nanosOf = ({ ms, nanos }: Instant): bigint =>
  BigInt(Math.floor(ms / 1000)) * 1_000_000_000n + BigInt(nanos - (nanos % 1000));

function checkInt64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new Error('the number is out of the range of int64');
  return value;
}

/** `2026-03-04T05:06:07.123456`: java.time's pattern yyyy-MM-dd'T'HH:mm:ss.SSSSSS. */
function isoText({ ms, nanos }: Instant, zone: Zone): string {
  const local = new Date(zone.toLocal(Math.floor(ms / 1000) * 1000));
  const year = local.getUTCFullYear();
  // The pattern has the year of era, without the era.
  if (year < 1) throw new Error('years before 1 cannot be represented in this timestamp.granularity');
  const rest = local.toISOString().slice(-20, -5);
  const micros = String(Math.floor(nanos / 1000)).padStart(6, '0');
  return `${year > 9999 ? '+' : ''}${String(year).padStart(4, '0')}${rest}.${micros}`;
}

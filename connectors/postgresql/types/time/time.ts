import type { PrimitiveSchema, Value } from '../../../../src/api/index.ts';
import { LogicalName, schemaOf } from '../../../../src/api/index.ts';
import type { Codec } from '../../../../src/cdc/record/codec.ts';
import { writeInteger, writeScaled } from '../../../../src/data/json/json-text.ts';
import { SemanticType } from '../../../../src/debezium/semantic-type.ts';
import { civil, readDate, readTime, readTimestamp } from './civil.ts';
import { isoDate, isoTime, isoTimestamp } from './iso.ts';

/** `time.precision.mode` */
export type TimeMode =
  | 'adaptive'
  | 'adaptive_time_microseconds'
  | 'connect'
  | 'isostring'
  | 'microseconds'
  | 'nanoseconds';

/** Days that represent the infinities, and the same in each unit of time. */
const DATE_INFINITE = { 1: 2_146_033_979, [-1]: -2_147_472_691 } as const;
const LONG_INFINITE = { 1: 2n ** 63n - 1n, [-1]: -(2n ** 63n) } as const;
const MILLIS_INFINITE = { 1: 9_223_372_036_825_200_000n, [-1]: -9_223_372_036_832_400_000n } as const;
/** The limits of a JavaScript Date, which represent only the infinities in Connect's types. */
const DATE_LIMIT = 8_640_000_000_000_000;
const DAY_LIMIT = 100_000_000;
const DAY_SECONDS = 86_400;
const DAY_MS = DAY_SECONDS * 1000;
const EPOCH_DATE = { zero: '1970-01-01' };
const EPOCH = { zero: '1970-01-01 00:00:00' };
const MIDNIGHT = { zero: '00:00:00' };

const versionedSchema = (type: 'int32' | 'int64', name: string): PrimitiveSchema =>
  schemaOf(type, { name, version: 1 });

/** A count of days. */
export function date(mode: TimeMode): Codec {
  if (mode === 'isostring') return isoDate;
  const connect = mode === 'connect';
  const days = (bytes: Buffer, start: number, end: number): number => {
    readDate(bytes, start, end);
    if (civil.infinite === 0) return civil.days;
    return connect ? civil.infinite * DAY_LIMIT : DATE_INFINITE[civil.infinite];
  };
  const isOut = (value: number): boolean => connect && civil.infinite === 0 && Math.abs(value) >= DAY_LIMIT;
  return {
    schema: versionedSchema('int32', connect ? LogicalName.Date : SemanticType.Date),
    value(bytes, start, end) {
      const value = days(bytes, start, end);
      if (!connect) return value;
      return isOut(value) ? null : new Date(value * DAY_MS);
    },
    json(bytes, start, end, out) {
      const value = days(bytes, start, end);
      if (isOut(value)) return false;
      writeInteger(out, value);
      return true;
    },
    missing: connect ? new Date(0) : 0,
    defaults: EPOCH_DATE,
  };
}

/** A time of day. typmod: fraction digits, -1 for all six. */
export function time(typmod: number, mode: TimeMode): Codec {
  switch (mode) {
    case 'isostring':
      return isoTime;
    case 'connect':
      return connectTime;
    case 'nanoseconds':
      return longTime(SemanticType.NanoTime, 9);
    case 'adaptive':
      return isMillis(typmod) ? milliTime : longTime(SemanticType.MicroTime, 6);
    default:
      return longTime(SemanticType.MicroTime, 6);
  }
}

const isMillis = (typmod: number): boolean => typmod >= 0 && typmod <= 3;

const millisOfDay = (bytes: Buffer, start: number, end: number): number => {
  readTime(bytes, start, end);
  return civil.seconds * 1000 + Math.floor(civil.micros / 1000);
};

const milliTime: Codec = {
  schema: versionedSchema('int32', SemanticType.Time),
  value: millisOfDay,
  json(bytes, start, end, out) {
    writeInteger(out, millisOfDay(bytes, start, end));
    return true;
  },
  missing: 0,
  defaults: MIDNIGHT,
};

const connectTime: Codec = {
  ...milliTime,
  schema: versionedSchema('int32', LogicalName.Time),
  value: (bytes, start, end) => new Date(millisOfDay(bytes, start, end)),
  missing: new Date(0),
};

/** width 6: microseconds, 9: nanoseconds. */
function longTime(name: string, width: 6 | 9): Codec {
  return {
    schema: versionedSchema('int64', name),
    value(bytes, start, end) {
      readTime(bytes, start, end);
      return scaled(civil.seconds, civil.micros, width);
    },
    json(bytes, start, end, out) {
      readTime(bytes, start, end);
      writeScaled(out, civil.seconds, fraction(civil.micros, width), width);
      return true;
    },
    missing: 0n,
    defaults: MIDNIGHT,
  };
}

/** A timestamp without a zone. */
export function timestamp(typmod: number, mode: TimeMode): Codec {
  switch (mode) {
    case 'isostring':
      return isoTimestamp;
    case 'connect':
      return connectTimestamp;
    case 'nanoseconds':
      return longTimestamp(SemanticType.NanoTimestamp, 9, LONG_INFINITE);
    case 'microseconds':
      return micros;
    default:
      return isMillis(typmod) ? millis : micros;
  }
}

type Width = 3 | 6 | 9;

function longTimestamp(name: string, width: Width, infinite: { readonly 1: bigint; readonly [-1]: bigint }): Codec {
  return {
    schema: versionedSchema('int64', name),
    value(bytes, start, end): Value {
      readTimestamp(bytes, start, end);
      if (civil.infinite !== 0) return infinite[civil.infinite];
      return outOfRange(width) ? null : scaled(epochSeconds(), civil.micros, width);
    },
    json(bytes, start, end, out) {
      readTimestamp(bytes, start, end);
      if (civil.infinite !== 0) out.ascii(String(infinite[civil.infinite]));
      else if (outOfRange(width)) return false;
      else writeScaled(out, epochSeconds(), fraction(civil.micros, width), width);
      return true;
    },
    missing: 0n,
    defaults: EPOCH,
  };
}

const micros = longTimestamp(SemanticType.MicroTimestamp, 6, LONG_INFINITE);
const millis = longTimestamp(SemanticType.Timestamp, 3, MILLIS_INFINITE);

/** null outside the range of a Date. */
const connectMillis = (bytes: Buffer, start: number, end: number): number | null => {
  readTimestamp(bytes, start, end);
  if (civil.infinite !== 0) return civil.infinite * DATE_LIMIT;
  const ms = epochSeconds() * 1000 + Math.floor(civil.micros / 1000);
  return Math.abs(ms) >= DATE_LIMIT ? null : ms;
};

const connectTimestamp: Codec = {
  ...millis,
  schema: versionedSchema('int64', LogicalName.Timestamp),
  value(bytes, start, end) {
    const ms = connectMillis(bytes, start, end);
    return ms === null ? null : new Date(ms);
  },
  json(bytes, start, end, out) {
    const ms = connectMillis(bytes, start, end);
    if (ms === null) return false;
    writeInteger(out, ms);
    return true;
  },
  missing: new Date(0),
};

const epochSeconds = (): number => civil.days * DAY_SECONDS + civil.seconds;

/** Days before and after 1970 that 64 bits can represent; others have no value. */
const REACH = { 3: Number.POSITIVE_INFINITY, 6: 106_751_990, 9: 106_750 } as const;

const outOfRange = (width: Width): boolean => Math.abs(civil.days) > REACH[width];

function fraction(value: number, width: Width): number {
  if (width === 3) return Math.floor(value / 1000);
  return width === 6 ? value : value * 1000;
}

const scaled = (seconds: number, micro: number, width: Width): bigint =>
  BigInt(seconds) * 10n ** BigInt(width) + BigInt(fraction(micro, width));

import type { Value } from '../../../src/api/index.ts';
import {
  floorDivide,
  type Instant,
  infiniteDate,
  infiniteDays,
  infiniteIso,
  infiniteMicros,
  infiniteNanos,
  parseInstant,
  parseIsoDate,
  parseIsoTime,
} from './calendar.ts';
import { type Encoder, InvalidValueError, type WireType, wireTypes, wrongType } from './encoder.ts';
import { setSafeInteger } from './numbers.ts';
import { BEYOND_DURATION } from './temporal-text.ts';

/** PostgreSQL's epoch is 2000-01-01. */
const EPOCH_DAYS = 10957;
const EPOCH_MS = 946_684_800_000;
const EPOCH_SECONDS = 946_684_800;
const EPOCH_MICROS = 946_684_800_000_000n;

const INFINITE_DAYS = 2 ** 31 - 1;
const INFINITE_MICROS = 2n ** 63n - 1n;
const MINUS_INFINITE_MICROS = -(2n ** 63n);

/** Beyond this, doubles do not represent microseconds exactly. */
const EXACT_MS = 9e12;

const daysEncoder = (daysOf: (value: Value) => number | undefined, expected: string): Encoder => ({
  wire: wireTypes.date,
  encode(values, count, out) {
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        out.int32(-1);
        continue;
      }
      const days = daysOf(value);
      if (days === undefined || !(Math.abs(days) <= 2 ** 31)) throw wrongType(i, value, expected);
      out.int32(4);
      const infinite = infiniteDays(days);
      out.int32(infinite === 0 ? days - EPOCH_DAYS : infinite > 0 ? INFINITE_DAYS : -INFINITE_DAYS - 1);
    }
  },
});

/** Connect's Date: midnight UTC. */
export const connectDate = daysEncoder(value => {
  if (!(value instanceof Date)) return undefined;
  const ms = value.getTime();
  const infinite = infiniteDate(ms);
  return infinite === 0 ? Math.floor(ms / 86_400_000) : infinite * INFINITE_DAYS;
}, 'a date');
/** `io.debezium.time.Date`: days since 1970. */
export const days = daysEncoder(
  value => (Number.isSafeInteger(value) ? (value as number) : undefined),
  'days since 1970',
);

/** `io.debezium.time.IsoDate`: dates in ISO 8601. */
export const isoDays = daysEncoder(value => {
  if (typeof value !== 'string') return undefined;
  const infinite = infiniteIso(value);
  return infinite === 0 ? parseIsoDate(value) : infinite * INFINITE_DAYS;
}, 'a date of ISO 8601');

/** Encoder of 64-bit values from BigInts or safe integers. */
function int64Encoder(
  wire: WireType,
  expected: string,
  longOf: (value: Value) => bigint | number | undefined,
): Encoder {
  return {
    wire,
    encode(values, count, out) {
      out.reserve(count * 12);
      const { data } = out;
      let at = out.length;
      for (let i = 0; i < count; i++) {
        const value = values[i];
        if (value === null || value === undefined) {
          data.setInt32(at, -1);
          at += 4;
          continue;
        }
        const long = longOf(value);
        data.setInt32(at, 8);
        if (long === undefined || Number.isNaN(long)) throw wrongType(i, value, expected);
        if (typeof long === 'number') setSafeInteger(data, at + 4, long);
        else data.setBigInt64(at + 4, long);
        at += 12;
      }
      out.length = at;
    },
  };
}

const toBigInt = (value: Value): bigint | undefined => {
  if (typeof value === 'bigint') return value;
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
};

/** Encoders of times of day in several units, as microseconds since midnight. */
export const time = {
  connect: int64Encoder(wireTypes.time, 'a time', value =>
    value instanceof Date ? value.getTime() * 1000 : undefined,
  ),
  milli: int64Encoder(wireTypes.time, 'milliseconds', value =>
    Number.isSafeInteger(value) ? (value as number) * 1000 : undefined,
  ),
  micro: int64Encoder(wireTypes.time, 'microseconds', toBigInt),
  nano: int64Encoder(wireTypes.time, 'nanoseconds', value => {
    const nanos = toBigInt(value);
    return nanos === undefined ? undefined : nanos / 1000n;
  }),
  iso: int64Encoder(wireTypes.time, 'a time of ISO 8601', value =>
    typeof value === 'string' ? parseIsoTime(value) : undefined,
  ),
};

/** Microseconds since 2000 of microseconds since 1970; maps Debezium's infinities to PostgreSQL's. */
function toPostgresMicros(micros: bigint): bigint {
  const infinite = infiniteMicros(micros);
  if (infinite !== 0) return infinite > 0 ? INFINITE_MICROS : MINUS_INFINITE_MICROS;
  const since = micros - EPOCH_MICROS;
  // Out of range but finite: the server rejects it.
  return since <= MINUS_INFINITE_MICROS ? MINUS_INFINITE_MICROS + 1n : since;
}

/** undefined for undefined, and for values beyond 64 bits. */
const int64ToPostgresMicros = (micros: bigint | undefined): bigint | undefined =>
  micros === undefined || BigInt.asIntN(64, micros) !== micros ? undefined : toPostgresMicros(micros);

const wholeNumber = (value: Value): bigint | undefined =>
  typeof value === 'string' && /^-?\d{1,30}$/.test(value) ? BigInt(value) : toBigInt(value);

export interface TimestampEncoders {
  /** Connect's Timestamp: a Date. */
  readonly connect: Encoder;
  readonly milli: Encoder;
  readonly micro: Encoder;
  readonly nano: Encoder;
  /** Whole numbers since 1970, as numbers or strings of digits. */
  readonly microInstant: Encoder;
  readonly nanoInstant: Encoder;
  /** ISO 8601 text with an offset. */
  readonly text: Encoder;
}

/** wire: `timestamp` or `timestamptz`, which differ in meaning only. */
function timestampEncoders(wire: WireType): TimestampEncoders {
  return {
    connect: int64Encoder(wire, 'a timestamp', value => {
      if (!(value instanceof Date)) return undefined;
      const ms = value.getTime();
      if (Math.abs(ms) < EXACT_MS) return (ms - EPOCH_MS) * 1000;
      const infinite = infiniteDate(ms);
      if (infinite !== 0) return infinite > 0 ? INFINITE_MICROS : MINUS_INFINITE_MICROS;
      return Number.isNaN(ms) ? undefined : toPostgresMicros(BigInt(ms) * 1000n);
    }),
    milli: int64Encoder(wire, 'milliseconds since 1970', value => {
      const ms = toBigInt(value);
      return ms === undefined ? undefined : toPostgresMicros(ms * 1000n);
    }),
    micro: int64Encoder(wire, 'microseconds since 1970', value => {
      const micros = toBigInt(value);
      return micros === undefined ? undefined : toPostgresMicros(micros);
    }),
    nano: int64Encoder(wire, 'nanoseconds since 1970', value => {
      const nanos = toBigInt(value);
      if (nanos === undefined) return undefined;
      return toPostgresMicros(infiniteNanos(nanos) === 0 ? floorDivide(nanos, 1000n) : nanos);
    }),
    microInstant: int64Encoder(wire, 'a whole number of microseconds since 1970', value =>
      int64ToPostgresMicros(wholeNumber(value)),
    ),
    nanoInstant: int64Encoder(wire, 'a whole number of nanoseconds since 1970', value => {
      const nanos = wholeNumber(value);
      return int64ToPostgresMicros(nanos === undefined ? undefined : floorDivide(nanos, 1000n));
    }),
    text: timestampTextEncoder(wire),
  };
}

/** Encodes text of ISO 8601 with an offset. */
function timestampTextEncoder(wire: WireType): Encoder {
  const instant: Instant = { seconds: 0, micros: 0 };
  return {
    wire,
    encode(values, count, out) {
      out.reserve(count * 12);
      const { data } = out;
      let at = out.length;
      for (let i = 0; i < count; i++) {
        const value = values[i];
        if (value === null || value === undefined) {
          data.setInt32(at, -1);
          at += 4;
          continue;
        }
        data.setInt32(at, 8);
        if (typeof value !== 'string') throw wrongType(i, value, 'a timestamp as text');
        if (parseInstant(value, instant)) {
          const seconds = instant.seconds - EPOCH_SECONDS;
          if (Math.abs(seconds) < EXACT_MS / 1000) setSafeInteger(data, at + 4, seconds * 1e6 + instant.micros);
          else {
            const micros = BigInt(seconds) * 1_000_000n + BigInt(instant.micros);
            const infinite = infiniteIso(value);
            data.setBigInt64(at + 4, infinite === 0 ? micros : infinite > 0 ? INFINITE_MICROS : MINUS_INFINITE_MICROS);
          }
        } else if (value === 'infinity') data.setBigInt64(at + 4, INFINITE_MICROS);
        else if (value === '-infinity') data.setBigInt64(at + 4, MINUS_INFINITE_MICROS);
        else throw new InvalidValueError(i, 'text that is not a timestamp of ISO 8601 with an offset');
        at += 12;
      }
      out.length = at;
    },
  };
}

export const timestamp = timestampEncoders(wireTypes.timestamp);
export const timestamptz = timestampEncoders(wireTypes.timestamptz);

/** `interval_recv`: microseconds, days, months. */
const intervalEncoder = (microsOf: (value: Value) => bigint | undefined): Encoder => ({
  wire: wireTypes.interval,
  encode(values, count, out) {
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined) {
        out.int32(-1);
        continue;
      }
      const micros = microsOf(value);
      if (micros === undefined) throw wrongType(i, value, 'a duration');
      if (micros === INFINITE_MICROS || micros === MINUS_INFINITE_MICROS)
        throw new InvalidValueError(i, BEYOND_DURATION);
      out.int32(16);
      out.reserve(8);
      out.data.setBigInt64(out.length, micros);
      out.length += 8;
      out.int32(0);
      out.int32(0);
    }
  },
});

export const duration = {
  micro: intervalEncoder(toBigInt),
  nano: intervalEncoder(value => {
    const nanos = toBigInt(value);
    return nanos === undefined ? undefined : nanos / 1000n;
  }),
};

import { schemaOf } from '../../../../src/api/index.ts';
import { type Codec, latin1 } from '../../../../src/cdc/record/codec.ts';
import { SemanticType } from '../../../../src/debezium/semantic-type.ts';

/** `interval.handling.mode` */
export type IntervalMode = 'numeric' | 'string';

const DAY_MICROS = 86_400_000_000n;
/** A month of 30.4375 days. */
const MONTH_MICROS = 2_629_800_000_000n;
const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);
const UNITS: Readonly<Record<string, bigint>> = {
  Y: 12n * MONTH_MICROS,
  M: MONTH_MICROS,
  D: DAY_MICROS,
  TH: 3_600_000_000n,
  TM: 60_000_000n,
};

/** Units of `P1Y2M3DT4H5M6.789012S` (IntervalStyle iso_8601); those of time come after a T. */
function* parts(text: string): Generator<[unit: string, amount: string]> {
  const timeAt = text.indexOf('T');
  for (const { 1: amount = '', 2: unit = '', index } of text.matchAll(/(?<![\d.])([-+]?[\d.]+)([YMDHS])/g))
    yield [timeAt >= 0 && index > timeAt ? `T${unit}` : unit, amount];
}

/** Seconds with a fraction, exactly. */
function secondsToMicros(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  const size = BigInt(whole.replace(/[-+]/, '')) * 1_000_000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
  return text.startsWith('-') ? -size : size;
}

/** Saturates at the limits of 64 bits, like Debezium. */
function toMicros(text: string): bigint {
  let total = 0n;
  for (const [unit, amount] of parts(text))
    total += unit === 'TS' ? secondsToMicros(amount) : BigInt(amount) * (UNITS[unit] as bigint);
  if (total > MAX) return MAX;
  return total < MIN ? MIN : total;
}

/** ISO 8601 text with every unit. */
function toIso(text: string): string {
  const amounts = new Map(parts(text));
  const of = (unit: string) => amounts.get(unit) ?? '0';
  return `P${of('Y')}Y${of('M')}M${of('D')}DT${of('TH')}H${of('TM')}M${of('TS')}S`;
}

const numeric: Codec = {
  schema: schemaOf('int64', { name: SemanticType.MicroDuration, version: 1 }),
  value: (bytes, start, end) => toMicros(latin1(bytes, start, end)),
  json(bytes, start, end, out) {
    out.ascii(String(toMicros(latin1(bytes, start, end))));
    return true;
  },
  missing: 0n,
  defaults: { zero: 'PT0S' },
};

const asText: Codec = {
  schema: schemaOf('string', { name: SemanticType.Interval, version: 1 }),
  value: (bytes, start, end) => toIso(latin1(bytes, start, end)),
  json(bytes, start, end, out) {
    out.ascii(`"${toIso(latin1(bytes, start, end))}"`);
    return true;
  },
  missing: 'P0Y0M0DT0H0M0S',
  defaults: { zero: 'PT0S' },
};

/** Microseconds, months as 30.4375 days, or the ISO 8601 text. */
export const interval = (mode: IntervalMode): Codec => (mode === 'string' ? asText : numeric);

import { schemaOf } from '../../../../src/api/index.ts';
import { type Codec, latin1 } from '../../../../src/cdc/record/codec.ts';
import { fixedDigits } from '../../../../src/data/json/json-text.ts';
import { SemanticType } from '../../../../src/debezium/semantic-type.ts';
import { civil, readTime } from './civil.ts';
import { isoDay } from './iso.ts';

const QUOTE = 0x22;
const DASH = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const T = 0x54;
const Z = 0x5a;
const ZERO = 0x30;
/** `2026-03-04 12:34:56`, without fraction and zone. */
const SECONDS_LENGTH = 19;
/** The zone in every text, because the session's zone is UTC. */
const ZONE_LENGTH = 3;
const DAY_SECONDS = 86_400;

/** timestamptz in ISO 8601 with Z and the fraction digits that the column declares. */
export function zonedTimestamp(typmod: number): Codec {
  const width = typmod < 0 ? 6 : typmod;
  const whole = SECONDS_LENGTH + (width === 0 ? 0 : width + 1) + 3;
  return {
    schema: schemaOf('string', { name: SemanticType.ZonedTimestamp, version: 1 }),
    value: (bytes, start, end) => slowTimestamp(latin1(bytes, start, end), width),
    json(bytes, start, end, out) {
      const timeEnd = end - ZONE_LENGTH;
      if (bytes[start + 4] !== DASH || bytes[timeEnd] !== PLUS) {
        out.ascii(`"${slowTimestamp(latin1(bytes, start, end), width)}"`);
        return true;
      }
      out.reserve(whole);
      const { buffer } = out;
      let at = out.length;
      buffer[at++] = QUOTE;
      for (let i = start; i < start + SECONDS_LENGTH; i++) buffer[at++] = bytes[i] as number;
      buffer[at - 9] = T;
      if (width > 0) {
        buffer[at++] = POINT;
        let i = start + SECONDS_LENGTH + 1;
        for (const stop = at + width; at < stop; i++) buffer[at++] = i < timeEnd ? (bytes[i] as number) : ZERO;
      }
      buffer[at++] = Z;
      buffer[at++] = QUOTE;
      out.length = at;
      return true;
    },
    missing: '1970-01-01T00:00:00Z',
    defaults: { zero: '1970-01-01 00:00:00+00' },
  };
}

/** Any year; the infinities stay as text. */
function slowTimestamp(text: string, width: number): string {
  if (text.endsWith('infinity')) return text;
  const [, time = '', fraction = ''] = / (\d\d:\d\d:\d\d)(?:\.(\d+))?/.exec(text) ?? [];
  return `${isoDay(text)}T${time}${width === 0 ? '' : `.${fraction.padEnd(width, '0').slice(0, width)}`}Z`;
}

/** timetz in UTC, with the shortest fraction. */
export const zonedTime: Codec = {
  schema: schemaOf('string', { name: SemanticType.ZonedTime, version: 1 }),
  value: utcTime,
  json(bytes, start, end, out) {
    out.ascii(`"${utcTime(bytes, start, end)}"`);
    return true;
  },
  missing: '00:00:00Z',
};

const clock = Buffer.from('00:00:00');

function utcTime(bytes: Buffer, start: number, end: number): string {
  const timeEnd = readTime(bytes, start, end);
  const { seconds } = civil;
  const fraction = latin1(bytes, start + 8, timeEnd);
  let offset = 0;
  let unit = 3600;
  for (let at = timeEnd + 1; at < end; at += 3, unit /= 60)
    offset += (((bytes[at] as number) - ZERO) * 10 + (bytes[at + 1] as number) - ZERO) * unit;
  const utc = bytes[timeEnd] === DASH ? seconds + offset : seconds - offset;
  // 24:00:00 in UTC stays unchanged.
  const ofDay = utc === DAY_SECONDS && offset === 0 ? utc : ((utc % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
  const minutes = Math.floor(ofDay / 60);
  fixedDigits(clock, 0, Math.floor(minutes / 60), 2);
  fixedDigits(clock, 3, minutes % 60, 2);
  fixedDigits(clock, 6, ofDay % 60, 2);
  return `${clock.toString('latin1')}${fraction}Z`;
}

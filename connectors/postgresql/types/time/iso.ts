import { schemaOf } from '../../../../src/api/index.ts';
import { type Codec, latin1 } from '../../../../src/cdc/record/codec.ts';
import { SemanticType } from '../../../../src/debezium/semantic-type.ts';

/** `time.precision.mode=isostring`: ISO 8601 text with a Z and the shortest fraction. */
const iso = (name: string, zero: string, missing: string, read: (text: string) => string): Codec => ({
  schema: schemaOf('string', { name, version: 1 }),
  value: (bytes, start, end) => read(latin1(bytes, start, end)),
  json(bytes, start, end, out) {
    out.ascii(`"${read(latin1(bytes, start, end))}"`);
    return true;
  },
  missing,
  defaults: { zero },
});

const INFINITE_DATE: Readonly<Record<string, string>> = {
  infinity: '+5877611-06-21Z',
  '-infinity': '-5877611-06-22Z',
};
const INFINITE_TIMESTAMP: Readonly<Record<string, string>> = {
  infinity: '+292278994-08-16T23:00:00Z',
  '-infinity': '-292275055-05-16T23:00:00Z',
};

export const isoDate = iso(
  SemanticType.IsoDate,
  '1970-01-01',
  '1970-01-01Z',
  text => INFINITE_DATE[text] ?? `${isoDay(text)}Z`,
);

export const isoTime = iso(SemanticType.IsoTime, '00:00:00', '00:00:00Z', text => `${text}Z`);

export const isoTimestamp = iso(
  SemanticType.IsoTimestamp,
  '1970-01-01 00:00:00',
  '1970-01-01T00:00:00Z',
  text => INFINITE_TIMESTAMP[text] ?? `${isoDay(text)}T${timeOf(text)}Z`,
);

const timeOf = (text: string): string => /\d\d:[\d:.]+/.exec(text)?.[0] ?? '00:00:00';

/** The day of a date or timestamp: years beyond 9999 have a plus, those before year 1 are astronomical. */
export function isoDay(text: string): string {
  const [, year = '', rest = ''] = /^(\d+)(-\d\d-\d\d)/.exec(text) ?? [];
  if (text.endsWith('BC')) {
    const before = Number(year) - 1;
    return `${before === 0 ? '' : '-'}${String(before).padStart(4, '0')}${rest}`;
  }
  return `${year.length > 4 ? '+' : ''}${year}${rest}`;
}

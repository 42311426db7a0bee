import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array } from '../../../connectors/postgresql/types/array.ts';
import { bit, varbit } from '../../../connectors/postgresql/types/bits.ts';
import { bytea } from '../../../connectors/postgresql/types/bytes.ts';
import { type DecimalMode, money, numeric } from '../../../connectors/postgresql/types/decimal.ts';
import * as geometry from '../../../connectors/postgresql/types/geometry.ts';
import { hstore } from '../../../connectors/postgresql/types/hstore.ts';
import * as numbers from '../../../connectors/postgresql/types/numbers.ts';
import { enumeration, plainText, text } from '../../../connectors/postgresql/types/text.ts';
import { interval } from '../../../connectors/postgresql/types/time/interval.ts';
import { date, type TimeMode, time, timestamp } from '../../../connectors/postgresql/types/time/time.ts';
import { zonedTime, zonedTimestamp } from '../../../connectors/postgresql/types/time/zoned.ts';
import { vector } from '../../../connectors/postgresql/types/vector.ts';
import { Bytes, Decimal, structOf, ValueStruct, withOptional } from '../../../src/api/index.ts';
import type { Codec } from '../../../src/cdc/record/codec.ts';
import { converter } from '../../converters/neutral.ts';
import * as pg from './pg-text.ts';

const plain = converter({ 'schemas.enable': 'false' });

/** Asserts that the codec writes the JSON that JsonConverter writes for its value. */
function expectSameJson(codec: Codec, source: string): void {
  const padded = Buffer.from(`x${source}x`);
  const [start, end] = [1, padded.length - 1];
  const value = codec.value(padded, start, end);
  const direct = new Bytes(1);
  const hasValue = codec.json(padded, start, end, direct);
  expect(hasValue).toBe(value !== null);
  if (!hasValue) return;
  const schema = structOf({ c: withOptional(codec.schema, true) });
  const converted = new Bytes();
  plain.fromConnect('t', schema, new ValueStruct(schema, [value]), converted);
  expect(`{"c":${direct.take()}}`).toBe(converted.take().toString());
}

const modes: readonly TimeMode[] = [
  'adaptive',
  'adaptive_time_microseconds',
  'connect',
  'isostring',
  'microseconds',
  'nanoseconds',
];
const decimals: readonly DecimalMode[] = ['precise', 'double', 'string'];
const typmod = (precision: number, scale: number) => (precision << 16) + scale + 4;
/** Times without 24:00:00, which Connect's Time cannot represent. */
const before24 = pg.time.filter(value => value !== '24:00:00');

const cases: readonly (readonly [name: string, codec: Codec, text: fc.Arbitrary<string>])[] = [
  ['int2', numbers.int16, pg.int16],
  ['int4', numbers.int32, pg.int32],
  ['int8', numbers.int64, pg.int64],
  ['oid', numbers.oid, pg.oid],
  ['float4', numbers.float32, pg.float32],
  ['float8', numbers.float64, pg.float64],
  ['bool', numbers.boolean, pg.boolean],
  ['text', text(), pg.text],
  ['uuid', plainText(), pg.uuid],
  ['enum', enumeration(['sad', 'ok', 'very "happy"', 'a,b']), pg.enumLabel],
  ...decimals.flatMap(mode => [
    [`numeric(40,2) ${mode}`, numeric(typmod(40, 2), mode), fc.oneof(pg.numeric(2), pg.notANumber)] as const,
    [`numeric(40,0) ${mode}`, numeric(typmod(40, 0), mode), pg.numeric(0)] as const,
    [
      `numeric(10,-2) ${mode}`,
      numeric((10 << 16) + 2046 + 4, mode),
      pg.numeric(0).map(value => (value === '0' ? value : `${value}00`)),
    ] as const,
    [`numeric ${mode}`, numeric(-1, mode), fc.oneof(pg.numeric(0), pg.numeric(7), pg.notANumber)] as const,
    ...[0, 1, 2, 4].map(digits => [`money ${mode}, ${digits} digits`, money(mode, digits), pg.money] as const),
  ]),
  ...modes.flatMap(mode => [
    [`date ${mode}`, date(mode), pg.date] as const,
    [`time ${mode}`, time(-1, mode), mode === 'connect' ? before24 : pg.time] as const,
    [`time(3) ${mode}`, time(3, mode), mode === 'connect' ? before24 : pg.time] as const,
    [`timestamp ${mode}`, timestamp(-1, mode), pg.timestamp] as const,
    [`timestamp(3) ${mode}`, timestamp(3, mode), pg.timestamp] as const,
  ]),
  ['timestamptz', zonedTimestamp(-1), pg.timestamptz],
  ['timestamptz(0)', zonedTimestamp(0), pg.timestamptz],
  ['timestamptz(3)', zonedTimestamp(3), pg.timestamptz],
  ['timetz', zonedTime, pg.timetz],
  ['interval', interval('numeric'), pg.interval],
  ['interval string', interval('string'), pg.interval],
  ...(['bytes', 'base64', 'base64-url-safe', 'hex'] as const).map(
    mode => [`bytea ${mode}`, bytea(mode), pg.bytea] as const,
  ),
  ['bit', bit(1), fc.constantFrom('0', '1')],
  ['varbit', varbit(-1), pg.bits],
  ['hstore json', hstore('json'), pg.hstore],
  ['hstore map', hstore('map'), pg.hstore],
  ['int8[]', array(numbers.int64), pg.arrayOf(pg.int64)],
  ['int4[][]', array(numbers.int32), pg.arrayOf(pg.int32, 2)],
  ['text[]', array(text()), pg.arrayOf(pg.text)],
  ['numeric(40,2)[]', array(numeric(typmod(40, 2), 'precise')), pg.arrayOf(fc.oneof(pg.numeric(2), pg.notANumber))],
  ['timestamp[]', array(timestamp(-1, 'adaptive')), pg.arrayOf(pg.timestamp)],
  ['bytea[]', array(bytea('bytes')), pg.arrayOf(pg.bytea)],
  ['hstore[]', array(hstore('json')), pg.arrayOf(pg.hstore)],
  ['float8[]', array(numbers.float64), pg.arrayOf(pg.float64)],
  ['point', geometry.point, pg.point],
  ['box', geometry.box, pg.box],
  ['path', geometry.path, pg.path],
  ['circle', geometry.circle, pg.circle],
  ['vector', vector, pg.vector],
];

describe('a codec writes the JSON that JsonConverter writes for its value', () => {
  test.each(cases)('%s', (_name, codec, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, source => expectSameJson(codec, source)),
      { numRuns: 300 },
    );
  });
});

test.each([
  ['$1.50', 0, 2n],
  ['-$1.50', 0, -2n],
  ['$0.49', 0, 0n],
  ['-$0.04', 1, 0n],
  ['-$0.05', 1, -1n],
  ['-$92,233,720,368,547,758.08', 0, -92_233_720_368_547_758n],
  ['$1,234.56', 4, 12_345_600n],
])('money %s with %i digits', (text, digits, unscaled) => {
  const bytes = Buffer.from(text);
  expect(money('precise', digits).value(bytes, 0, bytes.length)).toEqual(new Decimal(unscaled, digits));
});

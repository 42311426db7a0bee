import { memberOf } from '../../../src/api/index.ts';
import type { Codec } from '../../../src/cdc/record/codec.ts';
import { array } from './array.ts';
import { bit, varbit } from './bits.ts';
import { type BinaryMode, bytea, unknown } from './bytes.ts';
import { type DecimalMode, money, numeric } from './decimal.ts';
import * as geometry from './geometry.ts';
import { type HstoreMode, hstore } from './hstore.ts';
import { boolean, float32, float64, int16, int32, int64, oid } from './numbers.ts';
import { enumeration, plainText, text } from './text.ts';
import { type IntervalMode, interval } from './time/interval.ts';
import { date, type TimeMode, time, timestamp } from './time/time.ts';
import { zonedTime, zonedTimestamp } from './time/zoned.ts';
import { halfVector, vector } from './vector.ts';

/** Settings of the representation of values. */
export interface TypeSettings {
  readonly decimals: DecimalMode;
  readonly times: TimeMode;
  readonly binary: BinaryMode;
  readonly intervals: IntervalMode;
  readonly hstore: HstoreMode;
  readonly moneyFractionDigits: number;
  /** `include.unknown.datatypes` */
  readonly unknownTypes: boolean;
}

/** The columns of pg_type that codecs need. */
export interface TypeInfo {
  readonly oid: number;
  readonly name: string;
  /** typtype: b base, c composite, d domain, e enum, p pseudo, r range, m multirange. */
  readonly kind: string;
  /** Domains: base type and its modifier; otherwise 0 and -1. */
  readonly base: number;
  readonly baseTypmod: number;
  /** Arrays: element type; otherwise 0. */
  readonly element: number;
  /** Separator of this type's values in an array's text. */
  readonly delimiter: string;
  readonly labels: readonly string[];
}

type Make = (typmod: number, settings: TypeSettings) => Codec;
const always =
  (codec: Codec): Make =>
  () =>
    codec;

const debeziumName = (name: string) => `io.debezium.data.${name}`;
const words = always(text({ defaults: { zero: '' } }));
const address = always(plainText());
const json = always(text({ name: debeziumName('Json'), defaults: { zero: '{}' } }));
const uuid = plainText({ name: debeziumName('Uuid'), defaults: { zero: '00000000-0000-0000-0000-000000000000' } });
const range = always(text());

/** Codecs of built-in types by name; names in the schema pg_catalog are unique. */
const builtIn: Readonly<Record<string, Make>> = {
  bool: always(boolean),
  int2: always(int16),
  int4: always(int32),
  int8: always(int64),
  oid: always(oid),
  float4: always(float32),
  float8: always(float64),
  numeric: (typmod, s) => numeric(typmod, s.decimals),
  money: (_, s) => money(s.decimals, s.moneyFractionDigits),
  text: words,
  varchar: words,
  bpchar: words,
  name: always(text()),
  char: always(text()),
  xml: always(text({ name: debeziumName('Xml'), defaults: { zero: '' } })),
  json,
  jsonb: json,
  uuid: always(uuid),
  tsvector: always(text({ name: debeziumName('Tsvector') })),
  bytea: (_, s) => bytea(s.binary),
  bit,
  varbit,
  date: (_, s) => date(s.times),
  time: (typmod, s) => time(typmod, s.times),
  timetz: always(zonedTime),
  timestamp: (typmod, s) => timestamp(typmod, s.times),
  timestamptz: zonedTimestamp,
  interval: (_, s) => interval(s.intervals),
  inet: address,
  cidr: address,
  macaddr: address,
  macaddr8: address,
  int4range: range,
  int8range: range,
  numrange: range,
  tsrange: range,
  tstzrange: range,
  daterange: range,
  point: always(geometry.point),
  line: always(geometry.line),
  lseg: always(geometry.segment),
  box: always(geometry.box),
  path: always(geometry.path),
  polygon: always(geometry.polygon),
  circle: always(geometry.circle),
};

/** Codecs of extensions' types, which may be in any schema. */
const extensions: Readonly<Record<string, Make>> = {
  citext: always(text()),
  hstore: (_, s) => hstore(s.hstore),
  ltree: always(text({ name: debeziumName('Ltree') })),
  isbn: always(text()),
  vector: always(vector),
  halfvec: always(halfVector),
  geometry: always(geometry.postgisGeometry),
  geography: always(geometry.postgisGeography),
};

/** The first object id of user-defined types. */
const FIRST_USER_OID = 16_384;

/**
 * Returns the codec of a column; undefined for a type without one, whose columns are omitted. A domain has the codec of its
 * base type, an array that of its elements.
 */
export function codecOf(
  types: ReadonlyMap<number, TypeInfo>,
  typeOid: number,
  typmod: number,
  settings: TypeSettings,
): Codec | undefined {
  // A type that has been dropped since is represented as the text that the server sent.
  const codec = types.has(typeOid) ? catalogCodec(types, typeOid, typmod, settings) : text();
  return codec ?? (settings.unknownTypes ? unknown(settings.binary) : undefined);
}

function catalogCodec(
  types: ReadonlyMap<number, TypeInfo>,
  typeOid: number,
  typmod: number,
  settings: TypeSettings,
): Codec | undefined {
  const type = types.get(typeOid);
  if (type === undefined) return undefined;
  if (type.kind === 'e') return enumeration(type.labels);
  if (type.kind === 'd')
    return withoutDefaults(catalogCodec(types, type.base, type.baseTypmod < 0 ? typmod : type.baseTypmod, settings));
  if (type.element !== 0) {
    const item = catalogCodec(types, type.element, typmod, settings);
    return item && array(item, types.get(type.element)?.delimiter ?? ',');
  }
  const make =
    typeOid < FIRST_USER_OID
      ? memberOf(builtIn, type.name)
      : type.kind === 'b'
        ? memberOf(extensions, type.name)
        : undefined;
  return make?.(typmod, settings);
}

/** Defaults of domains are not in schemas. */
function withoutDefaults(codec: Codec | undefined): Codec | undefined {
  if (codec === undefined) return undefined;
  const { defaults: _, ...rest } = codec;
  return rest;
}

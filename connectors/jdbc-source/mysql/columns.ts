import type { FieldPacket } from 'mysql2';
import type { Column, TimeKind } from '../database/session.ts';
import * as kinds from '../values/decoders.ts';
import type { Decode } from '../values/row.ts';
import { zoneOf } from '../values/time-zone.ts';
import { type TimestampFormat, timestamp } from '../values/timestamps.ts';

/** Column types and flags of the protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html */
const type = {
  decimal: 0,
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  newdate: 14,
  bit: 16,
  json: 245,
  newdecimal: 246,
  geometry: 255,
} as const;
const NOT_NULL = 1;
const UNSIGNED = 32;
const AUTO_INCREMENT = 512;
/** Character set of binary strings. */
const BINARY = 63;

const utc = zoneOf('UTC');

function kindOf(field: FieldPacket, format: TimestampFormat): kinds.ColumnType {
  const unsigned = (Number(field.flags) & UNSIGNED) !== 0;
  switch (field.columnType) {
    case type.tiny:
      return unsigned ? kinds.int16 : kinds.int8;
    case type.short:
      return unsigned ? kinds.int32 : kinds.int16;
    case type.int24:
      return kinds.int32;
    case type.long:
      return unsigned ? kinds.int64 : kinds.int32;
    case type.longlong:
      return kinds.int64;
    case type.float:
      return kinds.float32;
    case type.double:
      return kinds.float64;
    case type.decimal:
    case type.newdecimal:
      return kinds.decimal(field.decimals);
    case type.date:
    case type.newdate:
      return kinds.date;
    case type.year:
      return kinds.year;
    case type.time:
      return kinds.time;
    case type.datetime:
      return timestamp(format.zone, format);
    // The session's time zone is UTC.
    case type.timestamp:
      return timestamp(utc, format);
    case type.bit:
      return field.columnLength === 1 ? kinds.bit : kinds.bytes;
    case type.geometry:
      return kinds.bytes;
    case type.json:
      return kinds.text;
    default:
      return field.characterSet === BINARY && !isNamedType(field) ? kinds.bytes : kinds.text;
  }
}

/** True for MariaDB's inet4, inet6 and uuid, which are sent as text. */
const isNamedType = (field: FieldPacket): boolean => /^(inet4|inet6|uuid)$/.test(field.extendedTypeName ?? '');

const timeKinds: Readonly<Record<number, TimeKind>> = {
  [type.datetime]: 'local',
  [type.timestamp]: 'instant',
  [type.date]: 'day',
};

export interface ColumnFormat extends TimestampFormat {
  readonly zeroDatesAreNull: boolean;
}

const zeroAsNull =
  (decode: Decode): Decode =>
  cell =>
    cell.toString().startsWith('0000-00-00') ? null : decode(cell);

export function describeColumns(fields: readonly FieldPacket[], format: ColumnFormat): readonly Column[] {
  return fields.map(field => {
    const kind = kindOf(field, format);
    const flags = Number(field.flags);
    const timeKind = timeKinds[field.columnType ?? -1] ?? null;
    return {
      name: field.name,
      schema: kind.schema((flags & NOT_NULL) === 0),
      decode: timeKind !== null && format.zeroDatesAreNull ? zeroAsNull(kind.decode) : kind.decode,
      timeKind,
      hasMicroseconds: timeKind !== 'day' && field.decimals === 6,
      autoIncrement: (flags & AUTO_INCREMENT) !== 0,
    };
  });
}

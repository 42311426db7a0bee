import type { FieldDef } from 'pg';
import type { NumericMapping } from '../config/database-keys.ts';
import type { Column, TimeKind } from '../database/session.ts';
import * as kinds from '../values/decoders.ts';
import type { Cells } from '../values/row.ts';
import { type TimestampFormat, timestamp } from '../values/timestamps.ts';

const oid = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  oid: 26,
  float4: 700,
  float8: 701,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  timetz: 1266,
  bit: 1560,
  numeric: 1700,
} as const;

/** Scale of numeric without precision, like in Confluent's connector. */
const UNBOUND_SCALE = 127;
const MAX_INTEGER_DIGITS = 18;
/** Offset of a type modifier. */
const VARHDRSZ = 4;

/** Type of numeric(p, s) by `numeric.mapping`. typmod: ((p << 16) | s) + 4, or -1 without precision. */
export function numericType(typmod: number, mapping: NumericMapping): kinds.ColumnType {
  if (typmod < VARHDRSZ) return mapping === 'best_fit_eager_double' ? kinds.float64 : kinds.decimal(UNBOUND_SCALE);
  const precision = (typmod - VARHDRSZ) >> 16;
  // Eleven bits, signed since PostgreSQL 15; a negative scale rounds digits before the point.
  const scale = (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;
  const short = precision - Math.min(scale, 0) <= MAX_INTEGER_DIGITS;
  const integer = () => kinds.integerOf(precision - Math.min(scale, 0));
  if (mapping === 'precision_only' && short && scale === 0) return integer();
  if (mapping.startsWith('best_fit')) {
    if (scale <= 0 && short) return integer();
    if (scale > 0 && (short || mapping === 'best_fit_eager_double')) return kinds.float64;
  }
  return kinds.decimal(Math.max(scale, 0));
}

function kindOf(type: number, typmod: number, mapping: NumericMapping, format: TimestampFormat): kinds.ColumnType {
  switch (type) {
    case oid.bool:
      return kinds.boolean;
    case oid.bytea:
      return kinds.bytes;
    case oid.int2:
      return kinds.int16;
    case oid.int4:
      return kinds.int32;
    case oid.int8:
    case oid.oid:
      return kinds.int64;
    case oid.float4:
      return kinds.float32;
    case oid.float8:
      return kinds.float64;
    case oid.numeric:
      return numericType(typmod, mapping);
    case oid.date:
      return kinds.date;
    case oid.time:
    case oid.timetz:
      return kinds.time;
    case oid.timestamp:
    case oid.timestamptz:
      return timestamp(format.zone, format);
    case oid.bit:
      // bit(1) is JDBC's boolean.
      return typmod === 1 ? { ...kinds.boolean, decode: cell => cell === '1' } : kinds.text;
    default:
      return kinds.text;
  }
}

const timeKinds: Readonly<Record<number, TimeKind>> = {
  [oid.timestamp]: 'local',
  [oid.timestamptz]: 'instant',
  [oid.date]: 'day',
};

interface ColumnConstraints {
  readonly notNull: boolean;
  readonly autoIncrement: boolean;
}

/** Columns of a result. Domains have their base types; a column that belongs to no table is nullable. */
export async function describeColumns(
  fields: readonly FieldDef[],
  mapping: NumericMapping,
  format: TimestampFormat,
  query: (sql: string) => Promise<readonly Cells[]>,
): Promise<readonly Column[]> {
  const constraints = await constraintsOf(fields, query);
  return fields.map(field => {
    const { dataTypeID: type, dataTypeModifier: typmod, name } = field;
    const constraint = constraints.get(`${field.tableID}.${field.columnID}`);
    const kind = kindOf(type, typmod, mapping, format);
    return {
      name,
      schema: kind.schema(constraint?.notNull !== true),
      decode: kind.decode,
      timeKind: timeKinds[type] ?? null,
      hasMicroseconds: type !== oid.date && (typmod < 0 || typmod === 6),
      autoIncrement: constraint?.autoIncrement === true,
    };
  });
}

async function constraintsOf(
  fields: readonly FieldDef[],
  query: (sql: string) => Promise<readonly Cells[]>,
): Promise<ReadonlyMap<string, ColumnConstraints>> {
  const tables = [...new Set(fields.map(({ tableID }) => tableID))].filter(table => table > 0);
  if (tables.length === 0) return new Map();
  const rows = await query(
    `SELECT a.attrelid, a.attnum, a.attnotnull,
            a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false)
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid IN (${tables.join()}) AND a.attnum > 0`,
  );
  return new Map(
    rows.map(([table, column, notNull, auto]) => [
      `${table}.${column}`,
      { notNull: notNull === 't', autoIncrement: auto === 't' },
    ]),
  );
}

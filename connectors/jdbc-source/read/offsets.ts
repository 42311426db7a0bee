import type { Json, PositionReader, SourceOffset, SourcePartition } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Relation, TimeKind } from '../database/session.ts';
import { fullName, matchingNames } from '../tables/table-id.ts';
import { formatLocal, type Instant, instantOfMs, normalizeFraction, parseInstant } from '../values/instants.ts';
import { type Zone, zoneOf } from '../values/time-zone.ts';

/**
 * Position up to which a relation has been read: up to `time` (in timestamp+incrementing mode, up to `number` at that time),
 * and in timestamp mode also a part of `group`.
 */
export interface ReadPosition {
  /** Time in the database's format with six fractional digits, in the column's time zone. null: from the beginning. */
  readonly time: string | null;
  readonly number: bigint | null;
  readonly group: Group | null;
}

/** Rows with the same timestamp that do not fit into one batch, in the order of their hashes. */
export interface Group {
  readonly time: string;
  /** Hash of the last row that was read; '' before the first. */
  readonly hash: string;
  /** Number of rows with this hash that were read: equal rows have equal hashes. */
  readonly rows: number;
}

export const sourcePartition = (relation: Relation): SourcePartition =>
  relation.kind === 'query' ? { query: 'query' } : { protocol: '1', table: fullName(relation.table) };

/**
 * Stored offset of a relation, under any of Confluent's partition names, former ones included. tables: full names of the
 * connector's tables; a former name that is the full name of another table (names may contain dots) belongs to that one.
 */
export function storedOffset(positions: PositionReader, relation: Relation, tables: ReadonlySet<string>): SourceOffset {
  const current = positions.get(sourcePartition(relation));
  if (current !== null || relation.kind === 'query') return current;
  for (const table of matchingNames(relation.table)) {
    if (tables.has(table)) continue;
    const stored = positions.get({ protocol: '1', table }) ?? positions.get({ table, protocol: '1' });
    if (stored !== null) return stored;
  }
  return positions.get({ table: relation.table.name });
}

const utc = zoneOf('UTC');
/** Time zone of the texts of a column of this kind. */
export const zoneOfTimeKind = (timeKind: TimeKind, zone: Zone): Zone => (timeKind === 'local' ? zone : utc);

/**
 * Offset with `timestamp` (milliseconds since 1970), `timestamp_nanos` (within the second) and `incrementing`, like those of
 * Confluent's connector. Values that these do not represent exactly are added: `millrace_timestamp`, a time that the zone's
 * clocks skip, and `millrace_incrementing`, a number that JSON parsers round.
 */
export function writeOffset(position: ReadPosition, timeKind: TimeKind | null, zone: Zone): NonNullable<SourceOffset> {
  const { time, number, group } = position;
  return {
    ...(time === null || timeKind === null ? {} : timeOffset(time, zoneOfTimeKind(timeKind, zone))),
    ...(number === null ? {} : { incrementing: Number(number) }),
    ...(number === null || Number.isSafeInteger(Number(number)) ? {} : { millrace_incrementing: String(number) }),
    ...(group === null
      ? {}
      : { millrace_group: group.time, millrace_group_hash: group.hash, millrace_group_rows: group.rows }),
  };
}

function timeOffset(text: string, zone: Zone): Record<string, Json> {
  const instant = instantOf(text, zone);
  return {
    timestamp: instant.ms,
    timestamp_nanos: instant.nanos,
    ...(formatLocal(instant, zone) === text ? {} : { millrace_timestamp: text }),
  };
}

/** Instant of a text; 0 for a time that is not an instant, such as infinity, which is stored as text. */
function instantOf(text: string, zone: Zone): Instant {
  try {
    return parseInstant(text, zone);
  } catch {
    return instantOfMs(0);
  }
}

/** Throws SOURCE_POSITION_LOST for an invalid offset. */
export function readOffset(offset: SourceOffset, timeKind: TimeKind | null, zone: Zone): ReadPosition {
  if (offset === null) return { time: null, number: null, group: null };
  return { time: storedTime(offset, timeKind, zone), number: storedNumber(offset), group: storedGroup(offset) };
}

type Stored = NonNullable<SourceOffset>;
const positionLostError = (offset: Stored, name: string) =>
  new MillraceError(
    'SOURCE_POSITION_LOST',
    `the stored offset has an invalid ${name}: ${JSON.stringify(offset)}; alter or reset the connector's offsets`,
  );

function storedTime(offset: Stored, timeKind: TimeKind | null, zone: Zone): string | null {
  const ms = offset['timestamp'];
  if (ms === undefined || ms === null || timeKind === null) return null;
  const text = offset['millrace_timestamp'];
  if (typeof text === 'string') {
    if (!isTime(text)) throw positionLostError(offset, 'millrace_timestamp');
    return normalizeFraction(text);
  }
  if (typeof ms !== 'number' || !Number.isSafeInteger(ms)) throw positionLostError(offset, 'timestamp');
  const nanos = offset['timestamp_nanos'];
  const instant = typeof nanos === 'number' ? { ms, nanos } : instantOfMs(ms);
  return formatLocal(instant, zoneOfTimeKind(timeKind, zone));
}

/** True for a date and time in a format of the databases, including `infinity` and years BC. */
const isTime = (text: string): boolean => /^[\w :.+-]{1,64}$/.test(text);

/** Distance of doubles at 2^63. */
const MAX_ROUNDING = 2048n;

function storedNumber(offset: Stored): bigint | null {
  const number = offset['incrementing'];
  if (number === undefined || number === null) return null;
  const exact = offset['millrace_incrementing'];
  if (typeof exact === 'string' && Number(exact) === number) return BigInt(exact);
  if (typeof number !== 'number' || !Number.isInteger(number)) throw positionLostError(offset, 'incrementing');
  // The number may have been rounded up: reading some rows again is better than missing one.
  return Number.isSafeInteger(number) ? BigInt(number) : BigInt(number) - MAX_ROUNDING;
}

function storedGroup(offset: Stored): Group | null {
  const { millrace_group: time, millrace_group_hash: hash, millrace_group_rows: rows } = offset;
  if (typeof time !== 'string' || typeof hash !== 'string' || typeof rows !== 'number') return null;
  // Both are inserted into a statement.
  if (!isTime(time)) throw positionLostError(offset, 'millrace_group');
  if (!/^(?:[0-9a-f]{32})?$/.test(hash)) throw positionLostError(offset, 'millrace_group_hash');
  return { time, hash, rows };
}

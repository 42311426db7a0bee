import type { Json, PositionReader, SourceOffset, SourcePartition } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Clock, Relation } from '../database/session.ts';
import { fullName, namesOf } from '../tables/table-id.ts';
import { type Instant, instantOfMs, readInstant, sameFraction, writeLocal } from '../values/instants.ts';
import { type Zone, zoneOf } from '../values/time-zone.ts';

/**
 * How far a relation has been read. Everything up to `time` (and, in timestamp+incrementing mode, up to `number` at
 * that very time) has been; in timestamp mode also the part of `group` that it names.
 */
export interface Place {
  /** As the database writes it, six digits behind the second: the column's own clock. null: from the beginning. */
  readonly time: string | null;
  readonly number: bigint | null;
  readonly group: Group | null;
}

/** Rows of one timestamp, too many for one batch, in the order of their hashes. */
export interface Group {
  readonly time: string;
  /** Of the last row that was read; '' before the first. */
  readonly hash: string;
  /** How many rows of that very hash were read: equal rows have equal ones. */
  readonly rows: number;
}

export const partitionOf = (relation: Relation): SourcePartition =>
  relation.kind === 'query' ? { query: 'query' } : { protocol: '1', table: fullName(relation.table) };

/**
 * The stored offset of a relation, under Confluent's names for it, old ones too. tables: full names of the connector's
 * tables; an old name of this one that is the full name of another, as where names have dots, is left to that.
 */
export function storedOffset(positions: PositionReader, relation: Relation, tables: ReadonlySet<string>): SourceOffset {
  const own = positions.get(partitionOf(relation));
  if (own !== null || relation.kind === 'query') return own;
  for (const table of namesOf(relation.table)) {
    if (tables.has(table)) continue;
    const found = positions.get({ protocol: '1', table }) ?? positions.get({ table, protocol: '1' });
    if (found !== null) return found;
  }
  return positions.get({ table: relation.table.name });
}

const utc = zoneOf('UTC');
/** Where the clock of a column of this kind hangs. */
export const zoneOfClock = (clock: Clock, zone: Zone): Zone => (clock === 'local' ? zone : utc);

/**
 * `timestamp` (milliseconds since 1970), `timestamp_nanos` (within the second) and `incrementing`, as Confluent's
 * connector writes them. What these cannot say exactly stands beside them: `millrace_timestamp`, a time that the clocks
 * of the zone skip, and `millrace_incrementing`, a number that JSON's readers round.
 */
export function writeOffset(place: Place, clock: Clock | null, zone: Zone): NonNullable<SourceOffset> {
  const { time, number, group } = place;
  return {
    ...(time === null || clock === null ? {} : timeOf(time, zoneOfClock(clock, zone))),
    ...(number === null ? {} : { incrementing: Number(number) }),
    ...(number === null || Number.isSafeInteger(Number(number)) ? {} : { millrace_incrementing: String(number) }),
    ...(group === null
      ? {}
      : { millrace_group: group.time, millrace_group_hash: group.hash, millrace_group_rows: group.rows }),
  };
}

function timeOf(text: string, zone: Zone): Record<string, Json> {
  const instant = instantOf(text, zone);
  return {
    timestamp: instant.ms,
    timestamp_nanos: instant.nanos,
    ...(writeLocal(instant, zone) === text ? {} : { millrace_timestamp: text }),
  };
}

/** A time that is no instant, such as infinity, is kept as its text. */
function instantOf(text: string, zone: Zone): Instant {
  try {
    return readInstant(text, zone);
  } catch {
    return instantOfMs(0);
  }
}

/** Rejects with SOURCE_POSITION_LOST what it cannot go on from. */
export function readOffset(offset: SourceOffset, clock: Clock | null, zone: Zone): Place {
  if (offset === null) return { time: null, number: null, group: null };
  return { time: storedTime(offset, clock, zone), number: storedNumber(offset), group: storedGroup(offset) };
}

type Stored = NonNullable<SourceOffset>;
const lost = (offset: Stored, name: string) =>
  new MillraceError(
    'SOURCE_POSITION_LOST',
    `the stored offset has a wrong ${name}: ${JSON.stringify(offset)}; alter or reset the connector's offsets`,
  );

function storedTime(offset: Stored, clock: Clock | null, zone: Zone): string | null {
  const ms = offset['timestamp'];
  if (ms === undefined || ms === null || clock === null) return null;
  const text = offset['millrace_timestamp'];
  if (typeof text === 'string') {
    if (!isTime(text)) throw lost(offset, 'millrace_timestamp');
    return sameFraction(text);
  }
  if (typeof ms !== 'number' || !Number.isSafeInteger(ms)) throw lost(offset, 'timestamp');
  const nanos = offset['timestamp_nanos'];
  const instant = typeof nanos === 'number' ? { ms, nanos } : instantOfMs(ms);
  return writeLocal(instant, zoneOfClock(clock, zone));
}

/** A date and time as databases write them, `infinity` and years BC included. */
const isTime = (text: string): boolean => /^[\w :.+-]{1,64}$/.test(text);

/** How far apart doubles are at 2^63. */
const ROUNDED = 2048n;

function storedNumber(offset: Stored): bigint | null {
  const number = offset['incrementing'];
  if (number === undefined || number === null) return null;
  const exact = offset['millrace_incrementing'];
  if (typeof exact === 'string' && Number(exact) === number) return BigInt(exact);
  if (typeof number !== 'number' || !Number.isInteger(number)) throw lost(offset, 'incrementing');
  // Rounded on its way here, up perhaps: some rows are read again rather than one of them missed.
  return Number.isSafeInteger(number) ? BigInt(number) : BigInt(number) - ROUNDED;
}

function storedGroup(offset: Stored): Group | null {
  const { millrace_group: time, millrace_group_hash: hash, millrace_group_rows: rows } = offset;
  if (typeof time !== 'string' || typeof hash !== 'string' || typeof rows !== 'number') return null;
  // Both become part of a statement.
  if (!isTime(time)) throw lost(offset, 'millrace_group');
  if (!/^(?:[0-9a-f]{32})?$/.test(hash)) throw lost(offset, 'millrace_group_hash');
  return { time, hash, rows };
}

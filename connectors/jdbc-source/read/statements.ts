import type { Session } from '../database/session.ts';
import type { Place } from './offsets.ts';
import { ROW, type Source } from './relation-metadata.ts';

/** Up to where a poll reads: what lies behind may not all be there yet. */
export interface Bound {
  /** Exclusive; null where the mode has no times. */
  readonly time: string | null;
  /** Inclusive; null where numbers are not bounded by themselves. */
  readonly number: string | null;
}

/** Where a relation without a stored position begins: nothing older than 1970, nothing below 0, as in Confluent's. */
export const FIRST_NUMBER = -1n;

const columnsOf = (source: Source): string =>
  [`${ROW}.*`, source.time?.sql, source.number].filter(column => column !== undefined && column !== null).join(', ');

const from = (source: Source): string => `FROM ${source.from} ${ROW}`;
const withSuffix = (sql: string, { suffix }: Source): string => (suffix === '' ? sql : `${sql} ${suffix}`);

export const maximumOf = (source: Source, { number }: Place): string =>
  `SELECT MAX(${source.number}) ${from(source)} WHERE ${source.number} > ${number ?? FIRST_NUMBER}`;

/** Everything behind a place and within a bound, in the order of the mode. */
export function statement(session: Session, source: Source, place: Place, bound: Bound): string {
  const { time, number } = source;
  const parts: string[] = [];
  const order: string[] = [];
  if (time !== null && place.time !== null && bound.time !== null) {
    const behind = session.literal(place.time, time.clock);
    parts.push(`${time.sql} < ${session.literal(bound.time, time.clock)}`);
    parts.push(
      number === null
        ? `${time.sql} > ${behind}`
        : `(${time.sql} > ${behind} OR (${time.sql} = ${behind} AND ${number} > ${place.number ?? FIRST_NUMBER}))`,
    );
    // Said again, for databases that use no index for an OR.
    if (number !== null) parts.push(`${time.sql} >= ${behind}`);
    order.push(time.sql);
  } else if (number !== null) {
    parts.push(`${number} > ${place.number ?? FIRST_NUMBER}`);
    if (bound.number !== null) parts.push(`${number} <= ${bound.number}`);
  }
  if (number !== null) order.push(number);
  const where = parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`;
  const by = order.length === 0 ? '' : ` ORDER BY ${order.map(column => `${column} ASC`).join(', ')}`;
  return withSuffix(`SELECT ${columnsOf(source)} ${from(source)}${where}${by}`, source);
}

/** The rows of one time in the order of their hashes, from that of `hash` on; the hash is the last column. */
export function groupStatement(session: Session, source: Source, time: string, hash: string): string {
  const column = source.time;
  if (column === null) throw new Error('only rows with times have groups');
  const hashed = session.hash(ROW, source.columns);
  return (
    `SELECT ${ROW}.*, ${column.sql}, ${hashed} ${from(source)} WHERE ${column.sql} = ${session.literal(time, column.clock)}` +
    `${hash === '' ? '' : ` AND ${hashed} >= '${hash}'`} ORDER BY ${hashed} ASC`
  );
}

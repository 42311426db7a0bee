import type { Session } from '../database/session.ts';
import type { ReadPosition } from './offsets.ts';
import { type RelationMetadata, ROW } from './relation-metadata.ts';

/** Upper bound of a poll: rows above it may not be visible yet. */
export interface UpperBound {
  /** Exclusive; null if the mode has no times. */
  readonly time: string | null;
  /** Inclusive; null if the time is the bound. */
  readonly number: string | null;
}

/** Start position without a stored one: numbers from 0, like in Confluent's connector. */
export const FIRST_NUMBER = -1n;

const columnsOf = (metadata: RelationMetadata): string =>
  [`${ROW}.*`, metadata.time?.sql, metadata.number]
    .filter(column => column !== undefined && column !== null)
    .join(', ');

const from = (metadata: RelationMetadata): string => `FROM ${metadata.from} ${ROW}`;
const withSuffix = (sql: string, { suffix }: RelationMetadata): string => (suffix === '' ? sql : `${sql} ${suffix}`);

export const maximumSql = (metadata: RelationMetadata, { number }: ReadPosition): string =>
  `SELECT MAX(${metadata.number}) ${from(metadata)} WHERE ${metadata.number} > ${number ?? FIRST_NUMBER}`;

/** Statement for all rows after a position and within the upper bound, in the order of the mode. */
export function rangeStatement(
  session: Session,
  metadata: RelationMetadata,
  position: ReadPosition,
  bound: UpperBound,
): string {
  const { time, number } = metadata;
  const parts: string[] = [];
  const order: string[] = [];
  if (time !== null && position.time !== null && bound.time !== null) {
    const after = session.literal(position.time, time.timeKind);
    parts.push(`${time.sql} < ${session.literal(bound.time, time.timeKind)}`);
    parts.push(
      number === null
        ? `${time.sql} > ${after}`
        : `(${time.sql} > ${after} OR (${time.sql} = ${after} AND ${number} > ${position.number ?? FIRST_NUMBER}))`,
    );
    // Redundant, for databases that use no index for an OR.
    if (number !== null) parts.push(`${time.sql} >= ${after}`);
    order.push(time.sql);
  } else if (number !== null) {
    parts.push(`${number} > ${position.number ?? FIRST_NUMBER}`);
    if (bound.number !== null) parts.push(`${number} <= ${bound.number}`);
  }
  if (number !== null) order.push(number);
  const where = parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`;
  const by = order.length === 0 ? '' : ` ORDER BY ${order.map(column => `${column} ASC`).join(', ')}`;
  return withSuffix(`SELECT ${columnsOf(metadata)} ${from(metadata)}${where}${by}`, metadata);
}

/** Statement for the rows of one timestamp in the order of their hashes, from `hash` on. The hash is the last column. */
export function groupStatement(session: Session, metadata: RelationMetadata, time: string, hash: string): string {
  const column = metadata.time;
  if (column === null) throw new Error('groups require a timestamp column');
  const hashed = session.hash(ROW, metadata.columns);
  return (
    `SELECT ${ROW}.*, ${column.sql}, ${hashed} ${from(metadata)} WHERE ${column.sql} = ${session.literal(time, column.timeKind)}` +
    `${hash === '' ? '' : ` AND ${hashed} >= '${hash}'`} ORDER BY ${hashed} ASC`
  );
}

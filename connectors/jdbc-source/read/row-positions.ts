import { MillraceError } from '../../../src/errors.ts';
import { normalizeFraction } from '../values/instants.ts';
import type { Cells } from '../values/row.ts';
import type { ReadPosition } from './offsets.ts';
import type { RelationMetadata } from './relation-metadata.ts';

/** Timestamp of a row. The mode's columns follow those of the relation. */
export function rowTime(metadata: RelationMetadata, row: Cells | undefined): string | null {
  return row === undefined ? null : normalizeFraction(String(row[metadata.columns.length]));
}

/** Position of a row. */
export function rowPosition(metadata: RelationMetadata, row: Cells): ReadPosition {
  return {
    time: metadata.time === null ? null : rowTime(metadata, row),
    number: metadata.number === null ? null : wholeNumber(metadata, String(row.at(-1))),
    group: null,
  };
}

/** Throws SOURCE_SETUP for NaN, a value of PostgreSQL's numeric. */
export function wholeNumber({ name }: RelationMetadata, text: string): bigint {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  throw new MillraceError(
    'SOURCE_SETUP',
    `the incrementing column of ${name} contains ${text}, after which no row can be read: delete that row, or use another column`,
  );
}

/** Approximate size of rows in bytes. */
export function byteCount(rows: readonly Cells[]): number {
  let bytes = 0;
  for (const row of rows) for (const cell of row) bytes += cell === null ? 1 : cell.length;
  return bytes;
}

export const hasSameColumns = (a: RelationMetadata, b: RelationMetadata): boolean =>
  JSON.stringify([a.schema.fields, a.time, a.number]) === JSON.stringify([b.schema.fields, b.time, b.number]);

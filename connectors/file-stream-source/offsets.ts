import type { SourceOffset, SourcePartition, SourcePosition } from '../../src/api/index.ts';
import { MillraceError } from '../../src/errors.ts';

/**
 * The position at which reading resumes. Stored in Connect's form, `{"filename": …}` → `{"position": …}`, with the additional
 * key `inode`, which Connect ignores: with it, a file that was renamed while the task was stopped is found again.
 */
export interface FilePosition {
  /** Byte position of the first unread line. */
  readonly position: number;
  /** Decimal digits, because an inode may exceed 2^53; null for an offset that Connect or a user has set. */
  readonly inode: string | null;
}

export const partitionOf = (filename: string): SourcePartition => ({ filename });

export const offsetOf = ({ position, inode }: FilePosition): NonNullable<SourceOffset> => ({
  position,
  ...(inode === null ? {} : { inode }),
});

/** Parses a stored offset; null without one. SOURCE_POSITION_LOST for an invalid one. */
export function readOffset(offset: SourceOffset): FilePosition | null {
  if (offset === null) return null;
  const { position = null, inode } = offset;
  // Connect stores null for the standard input.
  if (position === null) return null;
  if (!isPosition(position))
    throw new MillraceError(
      'SOURCE_POSITION_LOST',
      `The stored offset has an invalid position: ${JSON.stringify(position)}; reset the connector's offsets to read the file from its start.`,
    );
  return { position, inode: typeof inode === 'string' ? inode : null };
}

const isPosition = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Validates positions with Connect's rules and messages. Files that the connector read earlier are valid partitions. */
export function checkPositions(file: string | null, positions: readonly SourcePosition[]): void {
  if (file === null || file === '')
    throw badRequest(
      "Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is used for input and offsets are not tracked.",
    );
  for (const { partition, offset } of positions) {
    if (offset !== null) {
      const { position } = offset;
      if (position === undefined)
        throw badRequest("Offset objects should either be null or contain the key 'position'");
      if (!Number.isSafeInteger(position))
        throw badRequest("The value for the 'position' key in the offset is expected to be a Long value");
      if (!isPosition(position))
        throw badRequest("The value for the 'position' key in the offset should be a non-negative value");
    }
    if (!Object.hasOwn(partition, 'filename')) throw badRequest("Partition objects should contain the key 'filename'");
  }
}

const badRequest = (message: string): MillraceError => new MillraceError('BAD_REQUEST', message);

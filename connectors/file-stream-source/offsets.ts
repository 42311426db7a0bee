import type { SourceOffset, SourcePartition, SourcePosition } from '../../src/api/index.ts';
import { MillraceError } from '../../src/errors.ts';

/**
 * Where reading goes on. Stored as Connect stores it, `{"filename": …}` → `{"position": …}`, with one key more, which
 * Connect passes over: `inode`, so that a file is found again that was renamed while nobody was reading.
 */
export interface FilePosition {
  /** Bytes: where the first line begins that has not been read. */
  readonly position: number;
  /** Decimal digits, as an inode may have more bits than a number; null for an offset that Connect or people have set. */
  readonly inode: string | null;
}

export const partitionOf = (filename: string): SourcePartition => ({ filename });

export const offsetOf = ({ position, inode }: FilePosition): NonNullable<SourceOffset> => ({
  position,
  ...(inode === null ? {} : { inode }),
});

/** null where nothing is stored. SOURCE_POSITION_LOST for what is no offset of a file. */
export function readOffset(offset: SourceOffset): FilePosition | null {
  if (offset === null) return null;
  const { position = null, inode } = offset;
  // Connect stores null for what it read from the standard input.
  if (position === null) return null;
  if (!isPosition(position))
    throw new MillraceError(
      'SOURCE_POSITION_LOST',
      `The stored offset has a wrong position: ${JSON.stringify(position)}; reset the connector's offsets to begin anew.`,
    );
  return { position, inode: typeof inode === 'string' ? inode : null };
}

const isPosition = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** As Connect looks at them, in its words. Partitions of files that the connector used to read are its own, too. */
export function checkPositions(file: string | null, positions: readonly SourcePosition[]): void {
  if (file === null || file === '')
    throw bad(
      "Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is used for input and offsets are not tracked.",
    );
  for (const { partition, offset } of positions) {
    if (offset !== null) {
      const { position } = offset;
      if (position === undefined) throw bad("Offset objects should either be null or contain the key 'position'");
      if (!Number.isSafeInteger(position))
        throw bad("The value for the 'position' key in the offset is expected to be a Long value");
      if (!isPosition(position))
        throw bad("The value for the 'position' key in the offset should be a non-negative value");
    }
    if (!Object.hasOwn(partition, 'filename')) throw bad("Partition objects should contain the key 'filename'");
  }
}

const bad = (message: string): MillraceError => new MillraceError('BAD_REQUEST', message);

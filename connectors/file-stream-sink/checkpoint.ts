import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { AlteredPosition, SinkPosition, TopicPartition } from '../../src/api/index.ts';
import type { FileAccess } from '../../src/config/file-access.ts';
import { MillraceError } from '../../src/errors.ts';
import { orMissing } from './failures.ts';

/**
 * How much of the output is true: its first `length` bytes, which hold the records before `positions`. What stands
 * behind is of a write that did not end. Kept beside the output as `<file>.millrace-offsets`, in JSON.
 */
export interface Checkpoint {
  /** Of the file that `length` is about, in decimal digits; null: whichever is there. */
  readonly inode: string | null;
  /** When that file was made, in nanoseconds: an inode may be given to another. */
  readonly born: string | null;
  readonly length: number;
  readonly positions: readonly HeldPosition[];
}

/** Several connectors, and several tasks of one, may write to one file. */
export interface HeldPosition extends SinkPosition {
  readonly connector: string;
}

export const checkpointFile = (output: string): string => `${output}.millrace-offsets`;

/** null where there is none. SINK_SETUP for a file that is something else. */
export async function readCheckpoint(files: FileAccess, output: string): Promise<Checkpoint | null> {
  const file = checkpointFile(output);
  const text = await orMissing(() => textOf(files, file));
  if (text === null) return null;
  try {
    const { inode, born, length, positions } = JSON.parse(text) as Checkpoint;
    if (!Number.isSafeInteger(length) || !Array.isArray(positions)) throw new Error('no length or no positions');
    return { inode, born, length, positions };
  } catch (error) {
    throw new MillraceError(
      'SINK_SETUP',
      `${file}, in which the sink keeps its positions, cannot be understood: it is not the JSON that the sink writes. Without it, the sink goes on behind what is in the file, from the consumer group's offsets.`,
      { cause: error },
    );
  }
}

async function textOf(files: FileAccess, file: string): Promise<string> {
  const handle = await files.open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** Puts it in the place of the one before, whole or not at all. Durable when it resolves, if the one before was. */
export async function writeCheckpoint(files: FileAccess, output: string, checkpoint: Checkpoint): Promise<void> {
  const file = await files.resolve(checkpointFile(output));
  // One name for each host: whoever uses it holds the lock, and what a crash leaves behind is written over.
  const temporary = `${file}.${hostname()}.tmp`;
  const handle = await files.open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o666);
  try {
    await handle.writeFile(`${JSON.stringify(checkpoint)}\n`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

/** Makes the names in a file's folder durable: of what has been made, and of what has been renamed. */
export async function syncFolder(file: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(dirname(file), 'r');
    await handle.sync();
  } finally {
    await handle?.close();
  }
}

export const positionOf = (
  { positions }: Pick<Checkpoint, 'positions'>,
  connector: string,
  { topic, partition }: TopicPartition,
): number | null =>
  positions.find(held => held.connector === connector && held.topic === topic && held.partition === partition)?.next ??
  null;

/** With these positions in the place of those that it holds of the same partitions; null: none. */
export function moved(
  { positions }: Pick<Checkpoint, 'positions'>,
  connector: string,
  moves: readonly AlteredPosition[],
): HeldPosition[] {
  const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;
  const gone = new Set(moves.map(nameOf));
  const others = positions.filter(held => held.connector !== connector || !gone.has(nameOf(held)));
  const now = moves.flatMap(({ topic, partition, next }) =>
    next === null ? [] : [{ connector, topic, partition, next }],
  );
  return [...others, ...now];
}

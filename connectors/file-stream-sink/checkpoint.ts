import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type {
  AlteredPosition,
  AssignedPartition,
  SinkProgress,
  SinkWriter,
  TopicPartition,
} from '../../src/api/index.ts';
import type { FileAccess } from '../../src/config/worker-config/file-access.ts';
import { FencedError, MillraceError } from '../../src/errors.ts';
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

/** Several connectors, and several tasks of one, may write to one file. The writer is the newest that has claimed it. */
export interface HeldPosition extends SinkWriter, AssignedPartition {
  /** null: nothing of the partition has been written. */
  readonly next: number | null;
}

export const checkpointFile = (output: string): string => beside(output, '.millrace-offsets');

/** Bytes of a name that Linux takes: NAME_MAX. */
const MAX_NAME = 255;

/** A path with this ending added; where the name would be too long, its hash takes its place. */
function beside(path: string, ending: string): string {
  const name = basename(path);
  if (Buffer.byteLength(name + ending) <= MAX_NAME) return path + ending;
  return join(dirname(path), createHash('sha256').update(name).digest('hex').slice(0, 32) + ending);
}

/** null where there is none. SINK_SETUP for a file that is something else. */
export async function readCheckpoint(files: FileAccess, output: string): Promise<Checkpoint | null> {
  const file = checkpointFile(output);
  const text = await orMissing(() => textOf(files, file));
  if (text === null) return null;
  try {
    const { inode, born, length, positions } = JSON.parse(text) as Checkpoint;
    if (!Number.isSafeInteger(length) || !Array.isArray(positions)) throw new Error('no length or no positions');
    if (positions.some(({ cluster }) => typeof cluster !== 'string')) throw new Error('positions without a cluster');
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
  const temporary = beside(file, `.${hostname()}.tmp`);
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

type Positions = Pick<Checkpoint, 'positions'>;

export const positionOf = (
  { positions }: Positions,
  writer: SinkWriter,
  { topic, partition }: TopicPartition,
): HeldPosition | undefined =>
  positions.find(held => isOf(held, writer) && held.topic === topic && held.partition === partition);

const isOf = (held: SinkWriter, { cluster, connector }: SinkWriter): boolean =>
  held.cluster === cluster && held.connector === connector;

const isNewer = (held: SinkWriter, { generation, attempt }: SinkWriter): boolean =>
  held.generation > generation || (held.generation === generation && held.attempt > attempt);

/** With these partitions claimed for a writer. Throws FencedError where a newer one has claimed one of them. */
export function claimed(held: Positions, writer: SinkWriter, partitions: readonly AssignedPartition[]): HeldPosition[] {
  return replaced(
    held,
    writer,
    partitions.map(partition => {
      const { topicId, next } = positionOf(held, writer, partition) ?? { ...partition, next: null };
      return { ...partition, topicId, next };
    }),
  );
}

/** With these positions in the place of those that are held of the same partitions. Throws FencedError as `claimed`. */
export function replaced(held: Positions, writer: SinkWriter, positions: readonly AlteredPosition[]): HeldPosition[] {
  const { cluster, connector, generation, attempt } = writer;
  for (const position of positions) {
    const current = positionOf(held, writer, position);
    if (current !== undefined && isNewer(current, writer))
      throw new FencedError(
        `A newer task of the connector ${connector} has claimed ${position.topic}-${position.partition}: generation ` +
          `${generation}, attempt ${attempt} has been replaced and writes nothing.`,
      );
  }
  const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;
  const names = new Set(positions.map(nameOf));
  const others = held.positions.filter(one => !isOf(one, writer) || !names.has(nameOf(one)));
  return [
    ...others,
    ...positions.map(({ topic, partition, topicId, next }) => ({
      cluster,
      connector,
      generation,
      attempt,
      topic,
      partition,
      topicId,
      next,
    })),
  ];
}

/** With every partition of the writer's connector claimed for it where an older one had. */
export const fenced = ({ positions }: Positions, writer: SinkWriter): HeldPosition[] =>
  positions.map(held => {
    if (!isOf(held, writer) || isNewer(held, writer)) return held;
    const { generation, attempt } = writer;
    return { ...held, generation, attempt };
  });

/** What a batch moves. Throws FencedError where the writer does not hold a position as it believes. */
export function moved(
  held: Positions,
  writer: SinkWriter,
  topicIds: ReadonlyMap<string, string>,
  moves: readonly SinkProgress[],
): HeldPosition[] {
  for (const move of moves) {
    const current = positionOf(held, writer, move);
    const isOwn = current?.generation === writer.generation && current.attempt === writer.attempt;
    if (!isOwn || current.next !== move.from)
      throw new FencedError(
        `Another task of the connector ${writer.connector} has claimed or moved ${move.topic}-${move.partition}: the ` +
          `position is ${current?.next ?? 'none'}, and ${move.from ?? 'none'} was expected. Nothing of this batch was written.`,
      );
  }
  return replaced(
    held,
    writer,
    moves.map(({ topic, partition, next }) => ({ topic, partition, next, topicId: topicIds.get(topic) ?? '' })),
  );
}

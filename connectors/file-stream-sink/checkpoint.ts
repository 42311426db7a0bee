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
import { orNullIfMissing } from './failures.ts';

/**
 * The committed part of the output: its first `length` bytes, with the records before `positions`. Later bytes are those of
 * an unfinished write. Stored as JSON in `<file>.millrace-offsets`.
 */
export interface Checkpoint {
  /** Inode of the file of `length`, in decimal digits; null: any file. */
  readonly inode: string | null;
  /** Creation time of that file in nanoseconds, because inodes are reused. */
  readonly born: string | null;
  readonly length: number;
  readonly positions: readonly StoredPosition[];
}

/** Position of one partition of one connector, with the newest writer that has claimed it. Connectors may share a file. */
export interface StoredPosition extends SinkWriter, AssignedPartition {
  /** null: nothing of the partition has been written. */
  readonly next: number | null;
}

export const checkpointFile = (output: string): string => withEnding(output, '.millrace-offsets');

/** NAME_MAX of Linux, in bytes. */
const MAX_NAME = 255;

/** Appends an ending to a path; a name that would be too long is replaced by its hash. */
function withEnding(path: string, ending: string): string {
  const name = basename(path);
  if (Buffer.byteLength(name + ending) <= MAX_NAME) return path + ending;
  return join(dirname(path), createHash('sha256').update(name).digest('hex').slice(0, 32) + ending);
}

/** Reads the checkpoint; null without one. SINK_SETUP for a file with other content. */
export async function readCheckpoint(files: FileAccess, output: string): Promise<Checkpoint | null> {
  const file = checkpointFile(output);
  const text = await orNullIfMissing(() => textOf(files, file));
  if (text === null) return null;
  try {
    const { inode, born, length, positions } = JSON.parse(text) as Checkpoint;
    if (!Number.isSafeInteger(length) || !Array.isArray(positions)) throw new Error('no length or no positions');
    if (positions.some(({ cluster }) => typeof cluster !== 'string')) throw new Error('positions without a cluster');
    return { inode, born, length, positions };
  } catch (error) {
    throw new MillraceError(
      'SINK_SETUP',
      `${file}, the checkpoint of the sink's positions, is not JSON as the sink writes it. Restore it, or remove it: the sink then appends to the file, from the consumer group's offsets.`,
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

/** Replaces the checkpoint atomically. Durable when it resolves, if the folder's entry was durable before. */
export async function writeCheckpoint(files: FileAccess, output: string, checkpoint: Checkpoint): Promise<void> {
  const file = await files.resolve(checkpointFile(output));
  // One name for each host: only the holder of the lock uses it, and the file of a crashed write is overwritten.
  const temporary = withEnding(file, `.${hostname()}.tmp`);
  const handle = await files.open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o666);
  try {
    await handle.writeFile(`${JSON.stringify(checkpoint)}\n`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

/** Syncs a file's folder, which makes created and renamed entries durable. */
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
): StoredPosition | undefined =>
  positions.find(stored => isOf(stored, writer) && stored.topic === topic && stored.partition === partition);

const isOf = (stored: SinkWriter, { cluster, connector }: SinkWriter): boolean =>
  stored.cluster === cluster && stored.connector === connector;

const isNewer = (stored: SinkWriter, { generation, attempt }: SinkWriter): boolean =>
  stored.generation > generation || (stored.generation === generation && stored.attempt > attempt);

/** Claims partitions for a writer. Throws FencedError when a newer writer has claimed one of them. */
export function claimPartitions(
  stored: Positions,
  writer: SinkWriter,
  partitions: readonly AssignedPartition[],
): StoredPosition[] {
  return replacePositions(
    stored,
    writer,
    partitions.map(partition => {
      const { topicId, next } = positionOf(stored, writer, partition) ?? { ...partition, next: null };
      return { ...partition, topicId, next };
    }),
  );
}

/** Replaces the positions of these partitions. Throws FencedError when a newer writer has claimed one of them. */
export function replacePositions(
  stored: Positions,
  writer: SinkWriter,
  positions: readonly AlteredPosition[],
): StoredPosition[] {
  const { cluster, connector, generation, attempt } = writer;
  for (const position of positions) {
    const current = positionOf(stored, writer, position);
    if (current !== undefined && isNewer(current, writer))
      throw new FencedError(
        `A newer task of the connector ${connector} has claimed ${position.topic}-${position.partition}: generation ` +
          `${generation}, attempt ${attempt} is fenced and cannot write.`,
      );
  }
  const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;
  const names = new Set(positions.map(nameOf));
  const others = stored.positions.filter(position => !isOf(position, writer) || !names.has(nameOf(position)));
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

/** Claims for the writer every partition of its connector that an older writer had claimed. */
export const fenceOlder = ({ positions }: Positions, writer: SinkWriter): StoredPosition[] =>
  positions.map(stored => {
    if (!isOf(stored, writer) || isNewer(stored, writer)) return stored;
    const { generation, attempt } = writer;
    return { ...stored, generation, attempt };
  });

/** Moves positions over a batch. Throws FencedError when another writer has claimed or moved one of them. */
export function movePositions(
  stored: Positions,
  writer: SinkWriter,
  topicIds: ReadonlyMap<string, string>,
  moves: readonly SinkProgress[],
): StoredPosition[] {
  for (const move of moves) {
    const current = positionOf(stored, writer, move);
    const isOwn = current?.generation === writer.generation && current.attempt === writer.attempt;
    if (!isOwn || current.next !== move.from)
      throw new FencedError(
        `Another task of the connector ${writer.connector} has claimed or moved ${move.topic}-${move.partition}: the ` +
          `position is ${current?.next ?? 'none'}, and ${move.from ?? 'none'} was expected. Nothing of this batch was written.`,
      );
  }
  return replacePositions(
    stored,
    writer,
    moves.map(({ topic, partition, next }) => ({ topic, partition, next, topicId: topicIds.get(topic) ?? '' })),
  );
}

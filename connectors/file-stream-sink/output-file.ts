import { constants } from 'node:fs';
import { type FileHandle, readdir, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import type {
  AlteredPosition,
  AssignedPartition,
  Log,
  SinkPosition,
  SinkProgress,
  SinkWriter,
} from '../../src/api/index.ts';
import type { FileAccess } from '../../src/config/worker-config/file-access.ts';
import { MillraceError } from '../../src/errors.ts';
import {
  type Checkpoint,
  claimPartitions,
  fenceOlder,
  movePositions,
  positionOf,
  readCheckpoint,
  replacePositions,
  type StoredPosition,
  syncFolder,
  writeCheckpoint,
} from './checkpoint.ts';
import { orNullIfMissing, toMillraceError } from './failures.ts';
import { lockName, withLock } from './lock.ts';

/**
 * The output file and its checkpoint. Each write holds the lock: it compares the positions, writes lines after the
 * checkpoint's length, syncs them, and then writes the checkpoint that includes them.
 *
 * Lines are written at an offset instead of appended: where the lock has no effect, a replaced writer that resumes between
 * its comparison and its write then writes the same records to the same place as its successor.
 */
export class OutputFile {
  readonly #files: FileAccess;
  readonly #path: string;
  readonly #lock: string;
  readonly #log: Log;
  #handle: FileHandle | undefined;
  #inode = '';
  #born = '';

  private constructor(files: FileAccess, path: string, lock: string, log: Log) {
    this.#files = files;
    this.#path = path;
    this.#lock = lock;
    this.#log = log;
  }

  /** Creates the file when it is missing, and truncates an unfinished write. SINK_SETUP, TASK_CONFIG. */
  static async open(files: FileAccess, path: string, log: Log): Promise<OutputFile> {
    let file: OutputFile | undefined;
    try {
      file = new OutputFile(files, path, await lockName(path), log);
      const output = file;
      await file.#withLock(() => output.#recover());
      return file;
    } catch (error) {
      await file?.close();
      throw toMillraceError(path, error);
    }
  }

  /** Claims partitions and returns their stored positions. Rejects with FencedError. */
  async claim(writer: SinkWriter, partitions: readonly AssignedPartition[]): Promise<SinkPosition[]> {
    const checkpoint = await this.#withLock(async () => {
      const { length, ...stored } = await this.#recover();
      return this.#store({ length, positions: claimPartitions(stored, writer, partitions) });
    });
    return partitions.flatMap(({ topic, partition }) => {
      const { next = null, topicId = '' } = positionOf(checkpoint, writer, { topic, partition }) ?? {};
      return next === null ? [] : [{ topic, partition, topicId, next }];
    });
  }

  /** Writes lines and positions; both are durable when it resolves. FencedError when another task has claimed or moved one. */
  async append(
    writer: SinkWriter,
    topicIds: ReadonlyMap<string, string>,
    bytes: Uint8Array,
    moves: readonly SinkProgress[],
  ): Promise<void> {
    await this.#withLock(async () => {
      const checkpoint = await this.#recover();
      const positions = movePositions(checkpoint, writer, topicIds, moves);
      const { length } = checkpoint;
      const handle = this.#openHandle;
      for (let done = 0; done < bytes.length; )
        done += (await handle.write(bytes, done, bytes.length - done, length + done)).bytesWritten;
      if (bytes.length > 0) await handle.datasync();
      await this.#store({ length: length + bytes.length, positions });
    });
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #withLock<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await withLock(this.#lock, this.#path, work);
    } catch (error) {
      throw toMillraceError(this.#path, error);
    }
  }

  get #openHandle(): FileHandle {
    if (this.#handle === undefined)
      throw new MillraceError('INTERNAL', 'The file was written to before it was opened.');
    return this.#handle;
  }

  /** Opens the file that has the name now, truncates an unfinished write, and returns the checkpoint. Needs the lock. */
  async #recover(): Promise<Checkpoint> {
    const size = await this.#reopen();
    const stored = await readCheckpoint(this.#files, this.#path);
    if (stored !== null && stored.inode === this.#inode && size >= stored.length) {
      if (size > stored.length) {
        this.#log.info(
          { file: this.#path, bytes: size - stored.length },
          'truncating the file to the length of its checkpoint',
        );
        await this.#openHandle.truncate(stored.length);
      }
      return stored;
    }
    // A new file, or one that another program replaced or truncated: its content stays, and lines are written after it.
    if (stored !== null && stored.inode !== this.#inode) await this.#truncateRotated(stored);
    const checkpoint = await this.#store({ length: size, positions: stored?.positions ?? [] });
    await syncFolder(this.#path);
    return checkpoint;
  }

  async #store(progress: Pick<Checkpoint, 'length' | 'positions'>): Promise<Checkpoint> {
    const checkpoint = { inode: this.#inode, born: this.#born, ...progress };
    await writeCheckpoint(this.#files, this.#path, checkpoint);
    return checkpoint;
  }

  /** Truncates an unfinished write of the checkpoint's file when that has been renamed. */
  async #truncateRotated({ inode, born, length }: Checkpoint): Promise<void> {
    const folder = dirname(this.#path);
    for (const name of await readdir(folder)) {
      if (!name.startsWith(parse(this.#path).name)) continue;
      const other = join(folder, name);
      const status = await orNullIfMissing(() => stat(other, { bigint: true }));
      if (status === null || String(status.ino) !== inode || String(status.birthtimeNs) !== born) continue;
      if (status.size > length) await this.#truncate(other, length);
    }
  }

  async #truncate(path: string, length: number): Promise<void> {
    const handle = await this.#files.open(path, constants.O_WRONLY);
    try {
      await handle.truncate(length);
    } finally {
      await handle.close();
    }
  }

  /** Opens the file that has the name now, unless it is open; returns its size. */
  async #reopen(): Promise<number> {
    const current = await orNullIfMissing(() => stat(this.#path, { bigint: true }));
    if (current !== null && this.#handle !== undefined && String(current.ino) === this.#inode)
      return Number(current.size);
    await this.close();
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK;
    this.#handle = await this.#files.open(this.#path, flags, 0o666);
    const status = await this.#handle.stat({ bigint: true });
    if (!status.isFile())
      throw new MillraceError(
        'SINK_SETUP',
        `${this.#path} is not a regular file and cannot be truncated to a checkpoint; set file to a regular file.`,
      );
    this.#inode = String(status.ino);
    this.#born = String(status.birthtimeNs);
    return Number(status.size);
  }
}

/**
 * Replaces positions in the checkpoint; the file is not changed. BAD_REQUEST for an invalid offset and for a missing
 * folder.
 */
export async function alterCheckpoint(
  files: FileAccess,
  path: string,
  writer: SinkWriter,
  positions: readonly AlteredPosition[],
): Promise<void> {
  for (const { topic, partition, next } of positions)
    if (next !== null && !(Number.isSafeInteger(next) && next >= 0))
      throw new MillraceError(
        'BAD_REQUEST',
        `The offset ${next} of ${topic}-${partition} must be a non-negative integer.`,
      );
  try {
    await changePositions(files, path, stored => {
      if (stored === null && positions.every(({ next }) => next === null)) return null;
      return replacePositions(stored ?? { positions: [] }, writer, positions);
    });
  } catch (error) {
    const failure = toMillraceError(path, error);
    if (!(failure instanceof MillraceError) || failure.code !== 'SINK_SETUP') throw failure;
    throw new MillraceError('BAD_REQUEST', failure.message, { cause: error });
  }
}

/** Fences older writers in the checkpoint, if this machine has one. */
export async function fenceCheckpoint(files: FileAccess, path: string, writer: SinkWriter): Promise<void> {
  try {
    if ((await readCheckpoint(files, path)) === null) return;
    await changePositions(files, path, stored => stored && fenceOlder(stored, writer));
  } catch (error) {
    throw toMillraceError(path, error);
  }
}

/** change: returns the positions to store, or null to leave the checkpoint unchanged. */
async function changePositions(
  files: FileAccess,
  path: string,
  change: (stored: Checkpoint | null) => StoredPosition[] | null,
): Promise<void> {
  await withLock(await lockName(path), path, async () => {
    const stored = await readCheckpoint(files, path);
    const positions = change(stored);
    if (positions === null) return;
    await writeCheckpoint(files, path, { ...(stored ?? { inode: null, born: null, length: 0 }), positions });
    await syncFolder(path);
  });
}

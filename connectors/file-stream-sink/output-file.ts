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
  claimed,
  fenced,
  type HeldPosition,
  moved,
  positionOf,
  readCheckpoint,
  replaced,
  syncFolder,
  writeCheckpoint,
} from './checkpoint.ts';
import { failure, orMissing } from './failures.ts';
import { lockName, withLock } from './lock.ts';

/**
 * A file that lines are put at the end of, and the checkpoint beside it. Each write is one step under a lock: compare
 * the positions, write behind the checkpoint's length, make that durable, and then the checkpoint that counts it in.
 *
 * Lines are written at a place, not appended: where the lock does not reach, a writer that has been replaced, and wakes
 * up between its comparison and its write, puts the same records to the same place as its successor.
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

  /** Makes the file where it is missing, and cuts off what a write that did not end has left. SINK_SETUP, TASK_CONFIG. */
  static async open(files: FileAccess, path: string, log: Log): Promise<OutputFile> {
    let file: OutputFile | undefined;
    try {
      file = new OutputFile(files, path, await lockName(path), log);
      const opened = file;
      await file.#locked(() => opened.#settled());
      return file;
    } catch (error) {
      await file?.close();
      throw failure(path, error);
    }
  }

  /** Claims partitions and answers the positions held of them. Rejects with FencedError. */
  async claim(writer: SinkWriter, partitions: readonly AssignedPartition[]): Promise<SinkPosition[]> {
    const checkpoint = await this.#locked(async () => {
      const { length, ...held } = await this.#settled();
      return this.#keep({ length, positions: claimed(held, writer, partitions) });
    });
    return partitions.flatMap(({ topic, partition }) => {
      const { next = null, topicId = '' } = positionOf(checkpoint, writer, { topic, partition }) ?? {};
      return next === null ? [] : [{ topic, partition, topicId, next }];
    });
  }

  /** Durable when it resolves, positions and bytes together. FencedError where another task has claimed or moved one. */
  async append(
    writer: SinkWriter,
    topicIds: ReadonlyMap<string, string>,
    bytes: Uint8Array,
    moves: readonly SinkProgress[],
  ): Promise<void> {
    await this.#locked(async () => {
      const checkpoint = await this.#settled();
      const positions = moved(checkpoint, writer, topicIds, moves);
      const { length } = checkpoint;
      const handle = this.#opened;
      for (let done = 0; done < bytes.length; )
        done += (await handle.write(bytes, done, bytes.length - done, length + done)).bytesWritten;
      if (bytes.length > 0) await handle.datasync();
      await this.#keep({ length: length + bytes.length, positions });
    });
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await withLock(this.#lock, this.#path, work);
    } catch (error) {
      throw failure(this.#path, error);
    }
  }

  get #opened(): FileHandle {
    if (this.#handle === undefined)
      throw new MillraceError('INTERNAL', 'The file was written to before it was opened.');
    return this.#handle;
  }

  /** The checkpoint, and the file that has the name now made to agree with it. Needs the lock. */
  async #settled(): Promise<Checkpoint> {
    const size = await this.#reopened();
    const stored = await readCheckpoint(this.#files, this.#path);
    if (stored !== null && stored.inode === this.#inode && size >= stored.length) {
      if (size > stored.length) {
        this.#log.info({ file: this.#path, bytes: size - stored.length }, 'cutting off what is behind the checkpoint');
        await this.#opened.truncate(stored.length);
      }
      return stored;
    }
    // A new file, or one that others have replaced or shortened: what is there stays, and the lines follow it.
    if (stored !== null && stored.inode !== this.#inode) await this.#cutRotated(stored);
    const checkpoint = await this.#keep({ length: size, positions: stored?.positions ?? [] });
    await syncFolder(this.#path);
    return checkpoint;
  }

  async #keep(held: Pick<Checkpoint, 'length' | 'positions'>): Promise<Checkpoint> {
    const checkpoint = { inode: this.#inode, born: this.#born, ...held };
    await writeCheckpoint(this.#files, this.#path, checkpoint);
    return checkpoint;
  }

  /** The file of the checkpoint may have been renamed with what a write that did not end has left: it is cut off there. */
  async #cutRotated({ inode, born, length }: Checkpoint): Promise<void> {
    const folder = dirname(this.#path);
    for (const name of await readdir(folder)) {
      if (!name.startsWith(parse(this.#path).name)) continue;
      const other = join(folder, name);
      const found = await orMissing(() => stat(other, { bigint: true }));
      if (found === null || String(found.ino) !== inode || String(found.birthtimeNs) !== born) continue;
      if (found.size > length) await this.#truncate(other, length);
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

  /** Opens the file that has the name now, if that is another one; answers its size. */
  async #reopened(): Promise<number> {
    const found = await orMissing(() => stat(this.#path, { bigint: true }));
    if (found !== null && this.#handle !== undefined && String(found.ino) === this.#inode) return Number(found.size);
    await this.close();
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK;
    this.#handle = await this.#files.open(this.#path, flags, 0o666);
    const now = await this.#handle.stat({ bigint: true });
    if (!now.isFile())
      throw new MillraceError(
        'SINK_SETUP',
        `${this.#path} is no regular file, and cannot be cut back to a checkpoint.`,
      );
    this.#inode = String(now.ino);
    this.#born = String(now.birthtimeNs);
    return Number(now.size);
  }
}

/**
 * Puts positions in the place of those that the checkpoint holds; the file stays as it is. BAD_REQUEST for what is no
 * offset, and for a folder that is missing.
 */
export async function alterCheckpoint(
  files: FileAccess,
  path: string,
  writer: SinkWriter,
  positions: readonly AlteredPosition[],
): Promise<void> {
  for (const { topic, partition, next } of positions)
    if (next !== null && !(Number.isSafeInteger(next) && next >= 0))
      throw new MillraceError('BAD_REQUEST', `The offset ${next} of ${topic}-${partition} is no offset of a record.`);
  try {
    await changePositions(files, path, stored => {
      if (stored === null && positions.every(({ next }) => next === null)) return null;
      return replaced(stored ?? { positions: [] }, writer, positions);
    });
  } catch (error) {
    const told = failure(path, error);
    if (!(told instanceof MillraceError) || told.code !== 'SINK_SETUP') throw told;
    throw new MillraceError('BAD_REQUEST', told.message, { cause: error });
  }
}

/** Refuses older writers in the checkpoint, where there is one on this machine. */
export async function fenceCheckpoint(files: FileAccess, path: string, writer: SinkWriter): Promise<void> {
  try {
    if ((await readCheckpoint(files, path)) === null) return;
    await changePositions(files, path, stored => stored && fenced(stored, writer));
  } catch (error) {
    throw failure(path, error);
  }
}

/** change: the positions to store, or null to leave the checkpoint as it is. */
async function changePositions(
  files: FileAccess,
  path: string,
  change: (stored: Checkpoint | null) => HeldPosition[] | null,
): Promise<void> {
  await withLock(await lockName(path), path, async () => {
    const stored = await readCheckpoint(files, path);
    const positions = change(stored);
    if (positions === null) return;
    await writeCheckpoint(files, path, { ...(stored ?? { inode: null, born: null, length: 0 }), positions });
    await syncFolder(path);
  });
}

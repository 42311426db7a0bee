import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, readdir, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import type { FileAccess } from '../../src/config/worker-config/file-access.ts';
import { MillraceError, messageOf } from '../../src/errors.ts';

const [LF, CR] = [0x0a, 0x0d];
/** Bytes read at once to count lines. */
const BLOCK = 256 * 1024;

/** An open file, which stays the same whatever becomes of its name. */
export class InputFile {
  readonly inode: string;
  /** When it was made, in nanoseconds; 0 where the file system does not say. */
  readonly born: bigint;
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, { ino, birthtimeNs }: BigIntStats) {
    this.#path = path;
    this.#handle = handle;
    this.inode = String(ino);
    this.born = birthtimeNs;
  }

  /** null where there is no such file. SOURCE_SETUP for what cannot be read as one, TASK_CONFIG for what must not be. */
  static async open(files: FileAccess, path: string): Promise<InputFile | null> {
    const handle = await orMissing(path, () => files.open(path, constants.O_RDONLY | constants.O_NONBLOCK));
    if (handle === null) return null;
    try {
      const found = await handle.stat({ bigint: true });
      if (!found.isFile())
        throw new MillraceError('SOURCE_SETUP', `${path} is no regular file, and cannot be followed.`);
      return new InputFile(path, handle, found);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async size(): Promise<number> {
    return (await this.#told(() => this.#handle.stat())).size;
  }

  /** Reads what is at `position` into `room`; 0 at the end. */
  async read(room: Buffer, position: number): Promise<number> {
    return (await this.#told(() => this.#handle.read(room, 0, room.length, position))).bytesRead;
  }

  /** Lines that end before `position`, however they end: \n, \r or \r\n. Reads all of it. */
  async linesBefore(position: number): Promise<number> {
    const block = Buffer.allocUnsafe(Math.min(position, BLOCK));
    let lines = 0;
    let last = 0;
    for (let at = 0; at < position; ) {
      const read = await this.read(block.subarray(0, Math.min(block.length, position - at)), at);
      if (read === 0) break;
      for (const byte of block.subarray(0, read)) {
        if (byte === CR || (byte === LF && last !== CR)) lines++;
        last = byte;
      }
      at += read;
    }
    return lines;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw failure(this.#path, error);
    }
  }
}

export interface Named {
  readonly inode: string;
  readonly size: number;
  readonly born: bigint;
}

/** What a name stands for now; null where there is nothing. */
export async function named(path: string): Promise<Named | null> {
  const found = await orMissing(path, () => stat(path, { bigint: true }));
  return found === null ? null : { inode: String(found.ino), size: Number(found.size), born: found.birthtimeNs };
}

/**
 * The file that had this name before it was rotated: in the same folder, with a name that begins alike
 * (`app.log` → `app.log.1`, `app-20260102.log`), since an inode may have been given to a stranger. null: it is gone.
 */
export async function renamed(path: string, inode: string, position: number): Promise<string | null> {
  for (const other of await siblings(path, name => name.startsWith(parse(path).name))) {
    const found = await named(other);
    if (found?.inode === inode && found.size >= position) return other;
  }
  return null;
}

/**
 * The file that had this name after that one: where it has been rotated more than once, the next to be made, among those
 * whose names differ by numbers alone (`app.log.1`, `app.log-2026-01-02`, `app-2026010203.log`).
 */
export async function successor(path: string, { inode, born }: InputFile): Promise<string> {
  const { name: stem, base, ext } = parse(path);
  const rotated = (name: string): boolean => {
    const added = name.startsWith(base)
      ? name.slice(base.length)
      : name.startsWith(stem) && name.endsWith(ext)
        ? name.slice(stem.length, name.length - ext.length)
        : '';
    return /^[-._]?\d[-._:T\d]*$/.test(added);
  };
  let next = path;
  let first = (await named(path))?.born;
  for (const other of born === 0n ? [] : await siblings(path, rotated)) {
    const found = await named(other);
    if (found === null || found.inode === inode || found.born <= born) continue;
    if (first !== undefined && found.born >= first) continue;
    first = found.born;
    next = other;
  }
  return next;
}

async function siblings(path: string, wanted: (name: string) => boolean): Promise<string[]> {
  const folder = dirname(path);
  const names = (await orMissing(folder, () => readdir(folder))) ?? [];
  return names.filter(wanted).map(name => join(folder, name));
}

async function orMissing<T>(path: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw failure(path, error);
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** What someone must mend; anything else may pass by itself. */
const lasting = new Set(['EACCES', 'EPERM', 'EISDIR', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);

function failure(path: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  const code = codeOf(error);
  const kind = code !== undefined && lasting.has(code) ? 'SOURCE_SETUP' : 'SOURCE_UNAVAILABLE';
  return new MillraceError(kind, `The file ${path} cannot be read: ${messageOf(error)}`, { cause: error });
}

import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, readdir, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import type { FileAccess } from '../../src/config/worker-config/file-access.ts';
import { MillraceError, messageOf } from '../../src/errors.ts';

const [LF, CR] = [0x0a, 0x0d];
/** Bytes per read when counting lines. */
const BLOCK_BYTES = 256 * 1024;

/** An open file, also after it has been renamed or removed. */
export class InputFile {
  readonly inode: string;
  /** Creation time in nanoseconds; 0 for a file system without one. */
  readonly born: bigint;
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, { ino, birthtimeNs }: BigIntStats) {
    this.#path = path;
    this.#handle = handle;
    this.inode = String(ino);
    this.born = birthtimeNs;
  }

  /** Opens a file; null when it does not exist. SOURCE_SETUP when it cannot be read, TASK_CONFIG when it is not allowed. */
  static async open(files: FileAccess, path: string): Promise<InputFile | null> {
    const handle = await orNullIfMissing(path, () => files.open(path, constants.O_RDONLY | constants.O_NONBLOCK));
    if (handle === null) return null;
    try {
      const status = await handle.stat({ bigint: true });
      if (!status.isFile())
        throw new MillraceError('SOURCE_SETUP', `${path} is not a regular file; set file to a regular file.`);
      return new InputFile(path, handle, status);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async size(): Promise<number> {
    return (await this.#withErrors(() => this.#handle.stat())).size;
  }

  /** Reads bytes from `position` into `target`; returns their number, 0 at the end. */
  async read(target: Buffer, position: number): Promise<number> {
    return (await this.#withErrors(() => this.#handle.read(target, 0, target.length, position))).bytesRead;
  }

  /** Counts line ends (\n, \r or \r\n) before `position`. Reads the file up to there. */
  async linesBefore(position: number): Promise<number> {
    const block = Buffer.allocUnsafe(Math.min(position, BLOCK_BYTES));
    let lines = 0;
    let last = 0;
    for (let offset = 0; offset < position; ) {
      const read = await this.read(block.subarray(0, Math.min(block.length, position - offset)), offset);
      if (read === 0) break;
      for (const byte of block.subarray(0, read)) {
        if (byte === CR || (byte === LF && last !== CR)) lines++;
        last = byte;
      }
      offset += read;
    }
    return lines;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #withErrors<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toMillraceError(this.#path, error);
    }
  }
}

export interface FileIdentity {
  readonly inode: string;
  readonly size: number;
  readonly born: bigint;
}

/** Identifies the file that has this name now; null when it does not exist. */
export async function fileIdentity(path: string): Promise<FileIdentity | null> {
  const status = await orNullIfMissing(path, () => stat(path, { bigint: true }));
  return status === null ? null : { inode: String(status.ino), size: Number(status.size), born: status.birthtimeNs };
}

/**
 * Finds the file that had this name before it was rotated: in the same folder, with a name of the same start (`app.log` →
 * `app.log.1`, `app-20260102.log`), because inodes are reused for other files. null when it does not exist.
 */
export async function findRenamed(path: string, inode: string, position: number): Promise<string | null> {
  for (const other of await siblings(path, name => name.startsWith(parse(path).name))) {
    const candidate = await fileIdentity(other);
    if (candidate?.inode === inode && candidate.size >= position) return other;
  }
  return null;
}

/**
 * Finds the file that took this name after the given one. After several rotations, it is the one created next, among files
 * whose names differ only by numbers (`app.log.1`, `app.log-2026-01-02`, `app-2026010203.log`).
 */
export async function findSuccessor(path: string, { inode, born }: InputFile): Promise<string> {
  const { name: stem, base, ext } = parse(path);
  const isRotated = (name: string): boolean => {
    const added = name.startsWith(base)
      ? name.slice(base.length)
      : name.startsWith(stem) && name.endsWith(ext)
        ? name.slice(stem.length, name.length - ext.length)
        : '';
    return /^[-._]?\d[-._:T\d]*$/.test(added);
  };
  let next = path;
  let earliest = (await fileIdentity(path))?.born;
  for (const other of born === 0n ? [] : await siblings(path, isRotated)) {
    const candidate = await fileIdentity(other);
    if (candidate === null || candidate.inode === inode || candidate.born <= born) continue;
    if (earliest !== undefined && candidate.born >= earliest) continue;
    earliest = candidate.born;
    next = other;
  }
  return next;
}

async function siblings(path: string, matches: (name: string) => boolean): Promise<string[]> {
  const folder = dirname(path);
  const names = (await orNullIfMissing(folder, () => readdir(folder))) ?? [];
  return names.filter(matches).map(name => join(folder, name));
}

async function orNullIfMissing<T>(path: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw toMillraceError(path, error);
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** Errors that need a change by the user; others are retriable. */
const permanent = new Set(['EACCES', 'EPERM', 'EISDIR', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);

function toMillraceError(path: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  const code = codeOf(error);
  const kind = code !== undefined && permanent.has(code) ? 'SOURCE_SETUP' : 'SOURCE_UNAVAILABLE';
  return new MillraceError(kind, `The file ${path} cannot be read: ${messageOf(error)}`, { cause: error });
}

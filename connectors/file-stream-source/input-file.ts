import { constants } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { MillraceError, messageOf } from '../../src/errors.ts';

/** An open file, which stays the same whatever becomes of its name. */
export class InputFile {
  readonly inode: string;
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, inode: string) {
    this.#path = path;
    this.#handle = handle;
    this.inode = inode;
  }

  /** null where there is no such file. SOURCE_SETUP for what cannot be read as one. */
  static async open(path: string): Promise<InputFile | null> {
    const handle = await orMissing(path, () => open(path, constants.O_RDONLY | constants.O_NONBLOCK));
    if (handle === null) return null;
    try {
      const found = await handle.stat({ bigint: true });
      if (!found.isFile())
        throw new MillraceError('SOURCE_SETUP', `${path} is no regular file, and cannot be followed.`);
      return new InputFile(path, handle, String(found.ino));
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
}

/** What a name stands for now; null where there is nothing. */
export async function named(path: string): Promise<Named | null> {
  const found = await orMissing(path, () => stat(path, { bigint: true }));
  return found === null ? null : { inode: String(found.ino), size: Number(found.size) };
}

/**
 * The file that had this name before it was rotated: in the same folder, with a name that begins alike
 * (`app.log` → `app.log.1`, `app-20260102.log`), since an inode may have been given to a stranger. null: it is gone.
 */
export async function renamed(path: string, inode: string, position: number): Promise<string | null> {
  const { name: stem } = parse(path);
  const folder = dirname(path);
  for (const name of (await orMissing(folder, () => readdir(folder))) ?? []) {
    if (!name.startsWith(stem)) continue;
    const other = join(folder, name);
    const found = await named(other);
    if (found?.inode === inode && found.size >= position) return other;
  }
  return null;
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
  const code = codeOf(error);
  const kind = code !== undefined && lasting.has(code) ? 'SOURCE_SETUP' : 'SOURCE_UNAVAILABLE';
  return new MillraceError(kind, `The file ${path} cannot be read: ${messageOf(error)}`, { cause: error });
}

import { mkdtemp, open, rm, rmdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../src/errors.ts';
import type { SystemUser } from '../../src/stack/folders.ts';
import { run } from '../../src/stack/process/commands.ts';

/**
 * A small file system in memory that can be filled: `await using disk = await SmallDisk.mount(64 << 20)`. Linux, as
 * root.
 */
export class SmallDisk implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** owner: of the root folder; default: root. */
  static async mount(bytes: number, owner: SystemUser = { uid: 0, gid: 0 }): Promise<SmallDisk> {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-disk-'));
    const options = `size=${bytes},mode=0755,uid=${owner.uid},gid=${owner.gid}`;
    try {
      await run('mount', ['-t', 'tmpfs', '-o', options, 'millrace-test', folder]);
    } catch (error) {
      await rmdir(folder);
      throw error;
    }
    return new SmallDisk(folder);
  }

  /** Fills the free space with one file. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, 'a');
    try {
      for (let size = 1 << 20; size > 0 && (await this.#free()) > 0; ) {
        const result = await file.write(Buffer.alloc(size, 1)).catch(ignoreDiskFull);
        if (result === undefined) size >>= 1;
      }
    } finally {
      await file.close();
    }
  }

  /** Deletes that file. */
  async free(): Promise<void> {
    await rm(this.#ballast);
  }

  get #ballast(): string {
    return join(this.folder, 'ballast');
  }

  async #free(): Promise<number> {
    return (await statfs(this.folder)).bavail;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', [this.folder]);
    await rmdir(this.folder);
  }
}

function ignoreDiskFull(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOSPC') throw error;
}

/** The reason why this process cannot mount a file system, or undefined. */
export async function mountRefusal(): Promise<string | undefined> {
  try {
    await using _disk = await SmallDisk.mount(1 << 20);
    return undefined;
  } catch (error) {
    return `cannot mount a file system here: ${messageOf(error)}`;
  }
}

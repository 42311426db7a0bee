import { mkdtemp, open, rm, rmdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../src/errors.ts';
import type { SystemUser } from '../../src/stack/folders.ts';
import { run } from '../../src/stack/process/commands.ts';

/** A file system of its own in memory, to be filled: `await using disk = await SmallDisk.mount(64 << 20)`. Linux, as root. */
export class SmallDisk implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** owner: of its top folder; root when not given. */
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

  /** Takes all the room that is left with one file. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, 'a');
    try {
      for (let size = 1 << 20; size > 0 && (await this.#free()) > 0; ) {
        const written = await file.write(Buffer.alloc(size, 1)).catch(noRoom);
        if (written === undefined) size >>= 1;
      }
    } finally {
      await file.close();
    }
  }

  /** Takes that file away. */
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

function noRoom(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOSPC') throw error;
}

/** The reason why no disk can be mounted by this process; undefined where one can. */
export async function mountRefusal(): Promise<string | undefined> {
  try {
    await using _disk = await SmallDisk.mount(1 << 20);
    return undefined;
  } catch (error) {
    return `no file system can be mounted here: ${messageOf(error)}`;
  }
}

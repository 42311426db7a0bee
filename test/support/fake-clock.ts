import { glob, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folders where distributions install the library for multi-threaded programs. */
const folders = ['/usr/lib/*', '/usr/lib', '/usr/lib64', '/usr/local/lib'];
const libraries = folders.map(folder => `${folder}/faketime/libfaketimeMT.so.1`);

/**
 * A clock for programs started with `env`. It jumps like the clock of a machine that an operator or NTP sets: only the
 * time of day changes, timers and the monotonic clock do not.
 */
export class FakeClock implements AsyncDisposable {
  readonly env: NodeJS.ProcessEnv;
  readonly #folder: string;

  private constructor(library: string, folder: string) {
    this.#folder = folder;
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: join(folder, 'offset'),
      // Seconds that a program caches the offset.
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // The fix for old releases of glibc is on by default and makes timed waits of Java return at once.
      FAKETIME_FORCE_MONOTONIC_FIX: '0',
      NO_FAKE_STAT: '1',
    };
  }

  /** Rejects with the install command if libfaketime is missing. */
  static async create(): Promise<FakeClock> {
    for await (const library of glob(libraries)) {
      const clock = new FakeClock(library, await mkdtemp(join(tmpdir(), 'millrace-clock-')));
      await clock.set(0);
      return clock;
    }
    throw new Error('clock jumps need libfaketime: apt-get install faketime (Debian, Ubuntu)');
  }

  /** seconds: offset from the machine's clock. Programs follow within about a second. */
  async set(seconds: number): Promise<void> {
    const file = join(this.#folder, 'offset');
    await writeFile(`${file}.next`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    await rename(`${file}.next`, file);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

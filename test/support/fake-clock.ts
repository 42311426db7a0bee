import { glob, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where distributions put the library for programs with several threads. */
const folders = ['/usr/lib/*', '/usr/lib', '/usr/lib64', '/usr/local/lib'];
const libraries = folders.map(folder => `${folder}/faketime/libfaketimeMT.so.1`);

/**
 * A clock for programs that are started with `env`. It jumps as a machine's clock does that an operator or NTP sets: the time
 * of day alone, while timers and the monotonic clock go on.
 */
export class FakeClock implements AsyncDisposable {
  readonly env: NodeJS.ProcessEnv;
  readonly #folder: string;

  private constructor(library: string, folder: string) {
    this.#folder = folder;
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: join(folder, 'offset'),
      // Seconds for which a program goes by what it read.
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // With that fix for old releases of glibc, which is on by default, timed waits of Java end at once.
      FAKETIME_FORCE_MONOTONIC_FIX: '0',
      NO_FAKE_STAT: '1',
    };
  }

  /** Rejects with what to install where libfaketime is missing. */
  static async create(): Promise<FakeClock> {
    for await (const library of glob(libraries)) {
      const clock = new FakeClock(library, await mkdtemp(join(tmpdir(), 'millrace-clock-')));
      await clock.set(0);
      return clock;
    }
    throw new Error('clocks jump by libfaketime, which is not installed: apt-get install faketime (Debian, Ubuntu)');
  }

  /** seconds: ahead of the machine's clock. Programs follow within about a second. */
  async set(seconds: number): Promise<void> {
    const file = join(this.#folder, 'offset');
    await writeFile(`${file}.next`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    await rename(`${file}.next`, file);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

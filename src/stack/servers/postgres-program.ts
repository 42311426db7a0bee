import { readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SystemUser } from '../folders.ts';
import { findProgram, isExecutable, run } from '../process/commands.ts';
import { unprivilegedUser } from '../process/system-user.ts';

/** PostgreSQL's server programs: the folder of `initdb` and `postgres`. */
export interface PostgresProgram {
  readonly bin: string;
  readonly version: string;
  /** The server's user: PostgreSQL refuses to run as root. Undefined: the user of this process. */
  readonly user: SystemUser | undefined;
}

/** The first version whose logical decoding streams transactions that are still open. */
const oldest = 14;

// Folders with one folder for each version: on most systems the server programs are not on the PATH.
const versionedFolders = [
  { parent: '/usr/lib/postgresql', bin: 'bin' },
  { parent: '/opt/homebrew/opt', bin: 'bin' },
  { parent: '/usr/local/opt', bin: 'bin' },
  { parent: '/Applications/Postgres.app/Contents/Versions', bin: 'bin' },
  { parent: '/usr', bin: 'bin' },
];

/** Returns PostgreSQL's newest server programs on this machine, or a sentence about what is missing. */
export async function locatePostgres(): Promise<PostgresProgram | string> {
  const candidates = (await Promise.all((await folders()).map(describe))).filter(program => program !== undefined);
  const newest = candidates.sort((a, b) => b.major - a.major)[0];
  if (newest === undefined) {
    return `there is no PostgreSQL ${oldest} or newer on the PATH or in the usual folders: apt-get install postgresql (Debian, Ubuntu) or brew install postgresql@17 (macOS)`;
  }
  return { bin: newest.bin, version: newest.version, user: await unprivilegedUser('postgres') };
}

async function folders(): Promise<string[]> {
  const onPath = await findProgram('postgres');
  const installed = await Promise.all(
    versionedFolders.map(async ({ parent, bin }) => {
      const entries = await readdir(parent).catch(() => []);
      const names = entries.filter(name => /^(postgresql@|pgsql-)?\d+(\.\d+)?$|^postgresql$/.test(name));
      return names.map(name => join(parent, name, bin));
    }),
  );
  return [...(onPath ? [dirname(await realpath(onPath))] : []), ...installed.flat()];
}

async function describe(bin: string): Promise<{ bin: string; version: string; major: number } | undefined> {
  if (!(await isExecutable(join(bin, 'initdb')))) return undefined;
  // `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`
  const printed = await run(join(bin, 'postgres'), ['--version']).catch(() => '');
  const version = /\) (\d+[.\w]*)/.exec(printed)?.[1];
  const major = Number.parseInt(version ?? '0', 10);
  return version !== undefined && major >= oldest ? { bin, version, major } : undefined;
}

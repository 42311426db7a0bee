import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SystemUser } from '../folders.ts';
import { findProgram, run } from '../process/commands.ts';
import { unprivilegedUser } from '../process/system-user.ts';

/** MariaDB's programs: the server, and the one that creates a data folder. */
export interface MariadbProgram {
  readonly server: string;
  readonly install: string;
  readonly version: string;
  readonly user: SystemUser | undefined;
}

/** The first supported version with column names in the binlog (binlog_row_metadata). */
const oldest = [10, 5] as const;

// Off the PATH of ordinary users on most systems.
const folders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
const installHint = 'apt-get install mariadb-server (Debian, Ubuntu) or brew install mariadb (macOS)';

/** Returns MariaDB's programs on this machine, or a sentence about what is missing. */
export async function locateMariadb(): Promise<MariadbProgram | string> {
  const server = await findProgram('mariadbd', folders);
  if (server === undefined) return `there is no MariaDB server on the PATH or in the usual folders: ${installHint}`;
  const installFolders = [...folders, dirname(await realpath(server))];
  const install = await findProgram('mariadb-install-db', installFolders);
  if (install === undefined)
    return `${server} has no mariadb-install-db in the same folder or on the PATH: ${installHint}`;
  // `mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)`
  const printed = await run(server, ['--no-defaults', '--version']).catch(() => '');
  const [, version = '', major = '0', minor = '0'] = /Ver ((\d+)\.(\d+)\.\d+)-MariaDB/.exec(printed) ?? [];
  if (Number(major) < oldest[0] || (Number(major) === oldest[0] && Number(minor) < oldest[1]))
    return `${server} is older than MariaDB ${oldest.join('.')}: ${installHint}`;
  return { server, install, version, user: await unprivilegedUser('mysql') };
}

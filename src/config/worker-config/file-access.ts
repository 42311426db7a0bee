import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { MillraceError } from '../../errors.ts';

/** Which files of the worker's machine connectors may open. Plain data, so that another thread can be given it. */
export interface FilePolicy {
  /** Folders of `file.connectors.allowed.paths`. None: every file, as long as no listener is exposed. */
  readonly allowed: readonly string[];
  /** Listeners of the REST API that other machines can reach. */
  readonly exposed: readonly string[];
  /** Folders of code that the worker runs. */
  readonly code: readonly string[];
  /** Files that the worker was started with. */
  readonly configFiles: readonly string[];
}

/** Opens files for connectors. What must not be opened is TASK_CONFIG, with a sentence that names the setting. */
export interface FileAccess {
  /** The file that a path stands for, symbolic links followed. It need not exist. */
  resolve(path: string): Promise<string>;
  /** Opens it as `open` of node:fs/promises does, and rejects as that does. */
  open(path: string, flags: number, mode?: number): Promise<FileHandle>;
  /** Throws where connectors may not use the worker's standard input and output. */
  checkStandardStreams(): void;
}

const SETTING = 'file.connectors.allowed.paths';

export function fileAccess({ allowed, exposed, code, configFiles }: FilePolicy): FileAccess {
  const folders = allowed.filter(folder => folder.trim() !== '').map(folder => resolve(folder.trim()));
  const realPaths = new Map<string, string>();

  /** A folder that exists stays where it is while the worker runs. */
  async function realFolder(folder: string): Promise<string> {
    const known = realPaths.get(folder);
    if (known !== undefined) return known;
    try {
      const real = await realpath(folder);
      realPaths.set(folder, real);
      return real;
    } catch {
      return resolve(folder);
    }
  }
  const realFolders = (paths: readonly string[]): Promise<string[]> => Promise.all(paths.map(realFolder));

  /** path: as the configuration has it. */
  async function check(real: string, path: string): Promise<void> {
    if (folders.length === 0 && exposed.length > 0) throw off(exposed);
    const isCode =
      (await realFolders(code)).some(folder => isWithin(real, folder)) || real.split(sep).includes(MODULES);
    if (isCode)
      throw refused(
        `The file ${path} is below a folder of code that the worker runs (plugin.path, or Millrace itself), where ` +
          'connectors open nothing: use a folder of data.',
      );
    const configs = await realFolders(configFiles);
    if (configs.includes(real))
      throw refused(`The file ${path} is one that the worker was started with, which connectors do not open.`);
    if (folders.length === 0) return;
    const above = (await realFolders(folders)).filter(folder => isWithin(real, folder));
    if (above.length === 0)
      throw refused(
        `The file ${path} is not below ${SETTING} of the worker (${folders.join(', ')}), symbolic links followed: ` +
          'move it there, or add its folder to that setting.',
      );
    for (const config of configs.map(dirname))
      if (isWithin(real, config) && !above.some(folder => isWithin(folder, config)))
        throw refused(
          `The file ${path} is below the folder of the worker's own configuration, ${config}: use another folder, or ` +
            `name that folder itself in ${SETTING}.`,
        );
  }

  async function resolved(path: string): Promise<string> {
    const real = await realFile(resolve(path));
    await check(real, path);
    return real;
  }

  return {
    resolve: resolved,
    async open(path, flags, mode) {
      const real = await resolved(path);
      const handle = await openReal(real, flags, mode);
      try {
        // A folder on the way may have been replaced by a link in between.
        const opened = await openedPath(handle);
        if (opened !== undefined && opened !== real) await check(opened, path);
        return handle;
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
    checkStandardStreams() {
      if (exposed.length === 0) return;
      if (folders.length === 0) throw off(exposed);
      throw refused(
        `The REST API listens on ${exposed.join(', ')}, so connectors do not use the worker's standard input and ` +
          `output: set file to a path below ${SETTING}.`,
      );
    },
  };
}

/** For whoever only looks at a connector's keys. */
export const noFiles: FileAccess = fileAccess({ allowed: [], exposed: ['no listener'], code: [], configFiles: [] });

const MODULES = 'node_modules';

const refused = (sentence: string): MillraceError => new MillraceError('TASK_CONFIG', sentence);

const off = (exposed: readonly string[]): MillraceError =>
  refused(
    `File connectors are off: the REST API listens on ${exposed.join(', ')}, which other machines can reach, and ` +
      `${SETTING} names no folder. Set ${SETTING} in the worker's properties to folders of data, or listeners to a ` +
      'loopback address such as http://127.0.0.1:8083.',
  );

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** Of a file that is missing: the path below the nearest folder that exists. */
async function realFile(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    return join(await realFile(parent), basename(path));
  }
}

/** The last part of a path that has been resolved is a link only where that leads nowhere, or has just been put there. */
async function openReal(path: string, flags: number, mode: number | undefined): Promise<FileHandle> {
  try {
    return await open(path, flags | constants.O_NOFOLLOW, mode);
  } catch (error) {
    if (codeOf(error) !== 'ELOOP' || !(await lstat(path)).isSymbolicLink()) throw error;
    throw Object.assign(new Error(`ENOENT: ${path} is a symbolic link to nothing`), { code: 'ENOENT' });
  }
}

/** Where an open file lies now; undefined where the system does not tell. */
async function openedPath(handle: FileHandle): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    return (await readlink(`/proc/self/fd/${handle.fd}`)).replace(/ \(deleted\)$/, '');
  } catch {
    return undefined;
  }
}

/** For a connector's `validate`: what is wrong with its key `file`, which is null or empty for a standard stream. */
export async function fileProblems(
  files: FileAccess,
  file: string | null,
): Promise<Readonly<Record<string, readonly string[]>>> {
  try {
    if (file === null || file === '') files.checkStandardStreams();
    else await files.resolve(file);
    return {};
  } catch (error) {
    // A path that cannot be looked up may be right when the task opens it.
    return error instanceof MillraceError ? { file: [error.message] } : {};
  }
}

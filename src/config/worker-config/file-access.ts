import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { MillraceError } from '../../errors.ts';

/** Policy for files of the worker's machine that connectors may open. Plain data, which can be sent to another thread. */
export interface FilePolicy {
  /** Folders of `file.connectors.allowed.paths`. If empty, all files are allowed unless a listener is exposed. */
  readonly allowedFolders: readonly string[];
  /** Listeners of the REST API that other machines can reach. */
  readonly exposedListeners: readonly string[];
  /** Folders of code that the worker runs. */
  readonly codeFolders: readonly string[];
  /** Configuration files of the worker. */
  readonly configFiles: readonly string[];
}

/** Opens files for connectors. Throws TASK_CONFIG with the name of the setting for files that must not be opened. */
export interface FileAccess {
  /** Resolves symbolic links of a path. The file need not exist. */
  resolve(path: string): Promise<string>;
  /** Opens a file like `open` of node:fs/promises, with the same errors. */
  open(path: string, flags: number, mode?: number): Promise<FileHandle>;
  /** Throws if connectors may not use the worker's standard input and output. */
  checkStandardStreams(): void;
}

const SETTING = 'file.connectors.allowed.paths';

export function createFileAccess({
  allowedFolders,
  exposedListeners,
  codeFolders,
  configFiles,
}: FilePolicy): FileAccess {
  const folders = allowedFolders.filter(folder => folder.trim() !== '').map(folder => resolve(folder.trim()));
  const realPaths = new Map<string, string>();

  /** Caches the real path of a folder, which does not change while the worker runs. */
  async function realFolder(folder: string): Promise<string> {
    const cached = realPaths.get(folder);
    if (cached !== undefined) return cached;
    try {
      const real = await realpath(folder);
      realPaths.set(folder, real);
      return real;
    } catch {
      return resolve(folder);
    }
  }
  const realFolders = (paths: readonly string[]): Promise<string[]> => Promise.all(paths.map(realFolder));

  /** `path` is the path in the configuration, for messages. */
  async function check(real: string, path: string): Promise<void> {
    if (folders.length === 0 && exposedListeners.length > 0) throw disabledError(exposedListeners);
    const isCode =
      (await realFolders(codeFolders)).some(folder => isWithin(real, folder)) ||
      real.split(sep).includes(PACKAGE_FOLDER);
    if (isCode)
      throw rejectedError(
        `The file ${path} is in a folder with code of the worker (plugin.path, or Millrace itself), where connectors must ` +
          'not open files: use a folder for data.',
      );
    const configs = await realFolders(configFiles);
    if (configs.includes(real))
      throw rejectedError(`The file ${path} is a configuration file of the worker, which connectors must not open.`);
    if (folders.length === 0) return;
    const enclosing = (await realFolders(folders)).filter(folder => isWithin(real, folder));
    if (enclosing.length === 0)
      throw rejectedError(
        `The file ${path} is, after resolving symbolic links, not below ${SETTING} of the worker (${folders.join(', ')}): ` +
          'move it there, or add its folder to that setting.',
      );
    for (const config of configs.map(dirname))
      if (isWithin(real, config) && !enclosing.some(folder => isWithin(folder, config)))
        throw rejectedError(
          `The file ${path} is below the folder of the worker's configuration, ${config}: use another folder, or add that ` +
            `folder to ${SETTING}.`,
        );
  }

  async function resolveChecked(path: string): Promise<string> {
    const real = await realFile(resolve(path));
    await check(real, path);
    return real;
  }

  return {
    resolve: resolveChecked,
    async open(path, flags, mode) {
      const real = await resolveChecked(path);
      const handle = await openReal(real, flags, mode);
      try {
        // A folder of the path may have been replaced by a link since the check.
        const openedRealPath = await openedPath(handle);
        if (openedRealPath !== undefined && openedRealPath !== real) await check(openedRealPath, path);
        return handle;
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
    checkStandardStreams() {
      if (exposedListeners.length === 0) return;
      if (folders.length === 0) throw disabledError(exposedListeners);
      throw rejectedError(
        `The REST API listens on ${exposedListeners.join(', ')}, so connectors must not use the worker's standard input and ` +
          `output: set file to a path below ${SETTING}.`,
      );
    },
  };
}

/** Rejects all files, for callers that only read a connector's keys. */
export const noFiles: FileAccess = createFileAccess({
  allowedFolders: [],
  exposedListeners: ['no listener'],
  codeFolders: [],
  configFiles: [],
});

const PACKAGE_FOLDER = 'node_modules';

const rejectedError = (sentence: string): MillraceError => new MillraceError('TASK_CONFIG', sentence);

const disabledError = (exposedListeners: readonly string[]): MillraceError =>
  rejectedError(
    `File connectors are disabled: the REST API listens on ${exposedListeners.join(', ')}, which other machines can reach, and ` +
      `${SETTING} is empty. Set ${SETTING} in the worker's properties to folders for data, or listeners to a loopback ` +
      'address such as http://127.0.0.1:8083.',
  );

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** Real path of a file. For a missing file, resolves the nearest existing folder. */
async function realFile(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    return join(await realFile(parent), basename(path));
  }
}

/** Opens a resolved path. Its last part can only be a link if the link is dangling or was just created. */
async function openReal(path: string, flags: number, mode: number | undefined): Promise<FileHandle> {
  try {
    return await open(path, flags | constants.O_NOFOLLOW, mode);
  } catch (error) {
    if (codeOf(error) !== 'ELOOP' || !(await lstat(path)).isSymbolicLink()) throw error;
    throw Object.assign(new Error(`ENOENT: ${path} is a dangling symbolic link`), { codeFolders: 'ENOENT' });
  }
}

/** Current path of an open file; undefined if the operating system does not provide it. */
async function openedPath(handle: FileHandle): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    return (await readlink(`/proc/self/fd/${handle.fd}`)).replace(/ \(deleted\)$/, '');
  } catch {
    return undefined;
  }
}

/** Errors of a connector's key `file`, for its `validate`. A null or empty file is a standard stream. */
export async function fileProblems(
  files: FileAccess,
  file: string | null,
): Promise<Readonly<Record<string, readonly string[]>>> {
  try {
    if (file === null || file === '') files.checkStandardStreams();
    else await files.resolve(file);
    return {};
  } catch (error) {
    // A path that cannot be resolved now may be valid when the task opens it.
    return error instanceof MillraceError ? { file: [error.message] } : {};
  }
}

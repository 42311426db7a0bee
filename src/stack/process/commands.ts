import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { MillraceError } from '../../errors.ts';

const execute = promisify(execFile);

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  /** Milliseconds, after which the command is killed. */
  readonly timeout?: number;
}

/** Runs a program to its end and returns its stdout. STACK_UNAVAILABLE with its last lines when it fails. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  try {
    const { stdout } = await execute(program, args, { maxBuffer: 64 << 20, ...options });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    const printed = lastLines(`${stdout}\n${stderr}`, 15) || message;
    throw new MillraceError('STACK_UNAVAILABLE', `${program} ${args.join(' ')} failed:\n${printed}`, { cause: error });
  }
}

/** Runs a program; true when it exits with 0. */
export async function succeeds(program: string, args: readonly string[], options: RunOptions = {}): Promise<boolean> {
  return run(program, args, options).then(
    () => true,
    () => false,
  );
}

/** The path of a program on the PATH, else in one of `folders`. */
export async function findProgram(name: string, folders: readonly string[] = []): Promise<string | undefined> {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(folder => folder !== '');
  for (const folder of [...onPath, ...folders]) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

export function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

export function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('\n');
}

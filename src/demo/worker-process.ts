import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageFolder } from '../package-folder.ts';

/** A worker as a user starts it: `millrace worker FILE`, in a process of its own. */
export interface WorkerProcess {
  /** http://host:port of its REST API. */
  readonly url: string;
  /** host:port: how it is named in a status. */
  readonly id: string;
  readonly pid: number;
  /** SIGKILL; resolves when it is gone. */
  kill9(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Writes the properties into `folder` and starts a worker on `port`. Its log goes into the folder too. Resolves when it
 * is ready for work, or, with healthy false, when it answers at all. args: of the command, behind the properties file. cwd: default this process's. env: beside this process's own.
 */
export async function startWorkerProcess(
  folder: string,
  port: number,
  properties: Readonly<Record<string, string>>,
  {
    healthy = true,
    args = [],
    cwd,
    env = {},
  }: {
    readonly healthy?: boolean;
    readonly args?: readonly string[];
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
  } = {},
): Promise<WorkerProcess> {
  const file = join(folder, `worker-${port}.properties`);
  const all = { ...properties, listeners: `http://127.0.0.1:${port}` };
  await writeFile(
    file,
    Object.entries(all)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const log = join(folder, `worker-${port}.log`);
  const child = spawn(
    'sh',
    [
      '-c',
      'log=$1; shift; exec "$0" worker "$@" >"$log" 2>&1',
      join(packageFolder(), 'bin', 'millrace'),
      log,
      file,
      ...args,
    ],
    { stdio: 'ignore', env: { ...process.env, ...env }, ...(cwd === undefined ? {} : { cwd }) },
  );
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const end = (signal: NodeJS.Signals) => async () => {
    child.kill(signal);
    await gone;
  };
  const url = `http://127.0.0.1:${port}`;
  // Whatever ends this process takes the worker along.
  const leave = () => child.kill('SIGKILL');
  process.once('exit', leave);
  gone.then(() => process.removeListener('exit', leave));
  await answering(url, child, log, healthy);
  return { url, id: `127.0.0.1:${port}`, pid: child.pid as number, kill9: end('SIGKILL'), stop: end('SIGTERM') };
}

async function answering(url: string, child: ChildProcess, log: string, healthy: boolean): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 100) {
    if (child.exitCode !== null) throw new Error(`the worker ended while it started:\n${await readFile(log, 'utf8')}`);
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok || (answer !== undefined && !healthy)) return;
    await delay(100);
  }
  child.kill('SIGKILL');
  throw new Error(`the worker did not get ready within a minute:\n${await readFile(log, 'utf8')}`);
}

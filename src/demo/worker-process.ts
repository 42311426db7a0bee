import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageFolder } from '../package-folder.ts';

/** A worker in its own process, started with `millrace worker FILE`. */
export interface WorkerProcess {
  /** http://host:port of its REST API. */
  readonly url: string;
  /** host:port, its `worker_id` in a status. */
  readonly id: string;
  readonly pid: number;
  /** Kills it with SIGKILL; resolves when the process has ended. */
  kill9(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Writes the properties and the log to `folder` and starts a worker on `port`. Resolves when the worker is healthy, or,
 * with healthy=false, when it answers. args: arguments of the command after the properties file. cwd: default is that of
 * this process. env: variables added to this process's environment.
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
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const end = (signal: NodeJS.Signals) => async () => {
    child.kill(signal);
    await exited;
  };
  const url = `http://127.0.0.1:${port}`;
  // The worker ends with this process.
  const killWorker = () => child.kill('SIGKILL');
  process.once('exit', killWorker);
  exited.then(() => process.removeListener('exit', killWorker));
  await waitUntilReady(url, child, log, healthy);
  return { url, id: `127.0.0.1:${port}`, pid: child.pid as number, kill9: end('SIGKILL'), stop: end('SIGTERM') };
}

async function waitUntilReady(url: string, child: ChildProcess, log: string, healthy: boolean): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 100) {
    if (child.exitCode !== null) throw new Error(`the worker exited during its start:\n${await readFile(log, 'utf8')}`);
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok || (answer !== undefined && !healthy)) return;
    await delay(100);
  }
  child.kill('SIGKILL');
  throw new Error(`the worker was not ready within 60 s:\n${await readFile(log, 'utf8')}`);
}

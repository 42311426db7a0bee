import { fork } from 'node:child_process';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../errors.ts';
import { cacheFolder } from './cache.ts';
import { lastLines } from './process/commands.ts';
import { processIdentity } from './process/process-identity.ts';
import type { Log, ServerOrigin, ServiceName } from './types.ts';

/** Content of the state file of `millrace stack up`, in the cache folder. */
export interface StackState {
  readonly phase: 'starting' | 'up';
  /** The supervisor's process, with which the servers end. */
  readonly pid: number;
  /** Start time of that process, which distinguishes it from a later one of the same id. */
  readonly identity: string;
  /** ISO 8601. */
  readonly since: string;
  readonly servers: readonly ServerState[];
}

export interface ServerState {
  readonly service: ServiceName;
  readonly origin: ServerOrigin;
  /** host:port */
  readonly address: string;
  readonly version: string;
  readonly pid?: number;
  /** URL of a database or of Elasticsearch. */
  readonly url?: string;
  /** URL of Temporal's web UI. */
  readonly ui?: string;
}

export interface UpOptions {
  readonly services: readonly ServiceName[];
  readonly ports: { readonly [K in ServiceName | 'temporalUi']?: number };
  /** Folder of the servers' data, which stays when they stop. */
  readonly dataDir?: string;
}

/** Messages from the supervisor to `up`. */
export type SupervisorMessage =
  | { readonly progress: string }
  | { readonly up: StackState }
  | { readonly failed: string };

const stopTimeoutMs = 60_000;

const stateFile = (): string => join(cacheFolder(), 'stack.json');
const logFile = (): string => join(cacheFolder(), 'stack.log');

/** Returns the stack that runs in the background; undefined without one. */
export async function currentStack(): Promise<StackState | undefined> {
  const text = await readFile(stateFile(), 'utf8').catch(() => undefined);
  if (text === undefined || text === '') return undefined;
  const state = JSON.parse(text) as StackState;
  return (await isAlive(state)) ? state : undefined;
}

/**
 * Starts a stack in the background; resolves when every server answers. From then on it outlives this process; when this
 * process ends earlier, the servers started so far end too. CONFLICT when a stack runs already; STACK_UNAVAILABLE.
 */
export async function bringUp(options: UpOptions, log: Log): Promise<StackState> {
  await mkdir(cacheFolder(), { recursive: true });
  const output = await open(logFile(), 'w');
  const supervisor = fork(
    fileURLToPath(new URL(`./supervisor${extname(import.meta.filename)}`, import.meta.url)),
    [JSON.stringify(options)],
    { detached: true, stdio: ['ignore', output.fd, output.fd, 'ipc'] },
  );
  await output.close();
  const outcome = new Promise<StackState>((resolve, reject) => {
    supervisor.on('message', (message: SupervisorMessage) => {
      if ('progress' in message) log(message.progress);
      else if ('up' in message) resolve(message.up);
      else reject(new MillraceError('STACK_UNAVAILABLE', message.failed));
    });
    supervisor.once('exit', async () => {
      const printed = lastLines(await readFile(logFile(), 'utf8').catch(() => ''), 15);
      reject(new MillraceError('STACK_UNAVAILABLE', `the supervisor of the servers has ended:\n${printed}`));
    });
  });
  try {
    return await outcome;
  } finally {
    if (supervisor.connected) supervisor.disconnect();
    supervisor.unref();
  }
}

/** Stops the stack in the background; false when none runs. */
export async function bringDown(): Promise<boolean> {
  const state = await currentStack();
  if (state === undefined) return false;
  process.kill(state.pid, 'SIGTERM');
  for (const deadline = performance.now() + stopTimeoutMs; await isAlive(state); await setTimeout(100)) {
    if (performance.now() > deadline) {
      throw new MillraceError(
        'STACK_UNAVAILABLE',
        `process ${state.pid} has not stopped; end it with kill -9 ${state.pid}`,
      );
    }
  }
  return true;
}

/** Claims the state file for this process. CONFLICT when another stack runs; the file of a crashed one is replaced. */
export async function claimState(): Promise<StackState> {
  await mkdir(cacheFolder(), { recursive: true });
  const state: StackState = {
    phase: 'starting',
    pid: process.pid,
    identity: await processIdentity(process.pid),
    since: new Date().toISOString(),
    servers: [],
  };
  for (;;) {
    try {
      await writeFile(stateFile(), JSON.stringify(state), { flag: 'wx' });
      return state;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await currentStack()) throw new MillraceError('CONFLICT', 'a stack runs already; see millrace stack status');
    await rm(stateFile(), { force: true });
  }
}

export async function publishState(state: StackState): Promise<void> {
  const next = `${stateFile()}.next`;
  await writeFile(next, `${JSON.stringify(state, null, 2)}\n`);
  await rename(next, stateFile());
}

export async function removeState(): Promise<void> {
  for (const file of [stateFile(), logFile()]) await rm(file, { force: true });
}

async function isAlive({ pid, identity }: StackState): Promise<boolean> {
  return (await processIdentity(pid)) === identity;
}

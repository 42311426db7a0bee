import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { MillraceError } from '../../errors.ts';
import type { ServerControls } from '../managed-server.ts';
import { Reaper } from '../reaper.ts';
import { lastLines, run, succeeds } from './commands.ts';

export interface ServerProgram {
  /** For messages: `Kafka`. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Receives the server's output. */
  readonly logFile: string;
  /** The signal that stops it in an orderly way without waiting for its clients. */
  readonly stopSignal: NodeJS.Signals;
  /** True for a server that works in child processes; these are frozen with it. */
  readonly forks?: boolean;
  /** Folders to remove after the server has ended. */
  readonly remove: readonly string[];
  /** Shell lines to run before `remove`. */
  readonly cleanUp?: string;
  isReady(): Promise<boolean>;
  /** Output on which a failed start is repeated: what a crashed server held is not free yet. */
  readonly retryStartOn?: RegExp;
}

/** Runs a program to its end, as the server's user; rejects when it fails. */
export type RunToEnd = (program: string, args: readonly string[]) => Promise<void>;

/** Long, because a busy machine with two cores may start three servers at once. */
const startTimeoutMs = 120_000;
const stopTimeoutMs = 20_000;

/** A server as a child process that ends with this one (see Reaper) and that can be killed, frozen and restarted. */
export class ServerProcess implements ServerControls {
  readonly #server: ServerProgram;
  readonly #reaper: Reaper;
  #child: ChildProcess | undefined;
  #stopped: Promise<void> | undefined;

  constructor(server: ServerProgram) {
    this.#server = server;
    this.#reaper = new Reaper({
      signal: server.stopSignal,
      remove: server.remove,
      ...(server.cleanUp === undefined ? {} : { cleanUp: server.cleanUp }),
    });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Runs `prepare`, which writes the server's files, then starts the server. Programs that `prepare` runs also end with
   * this process. Resolves when the server answers; on failure removes everything and rejects with the end of the log.
   */
  async start(prepare: (run: RunToEnd) => Promise<void>): Promise<void> {
    try {
      await prepare((program, args) => this.#runToEnd(program, args));
      await this.#launch();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async kill9(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stopProcess(): Promise<void> {
    await this.#freeze('SIGSTOP');
    // Threads stop some time after the signal.
    while (this.pid !== undefined && !(await isStopped(this.pid))) await setTimeout(5);
  }

  async cont(): Promise<void> {
    await this.#freeze('SIGCONT');
  }

  async restart(): Promise<void> {
    await this.#end(this.#server.stopSignal);
    await this.#launch();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#reaper.finish();
    return this.#stopped;
  }

  async #launch(): Promise<void> {
    const { name, retryStartOn, logFile } = this.#server;
    const deadline = performance.now() + startTimeoutMs;
    for (;;) {
      const child = await this.#spawn(this.#server.program, this.#server.args);
      while (isRunning(child)) {
        if (await this.#server.isReady()) return;
        if (performance.now() > deadline) {
          throw await this.#failure(`${name} does not answer ${startTimeoutMs / 1000} s after its start`);
        }
        await setTimeout(50);
      }
      const retry = retryStartOn?.test(await readFile(logFile, 'utf8')) && performance.now() < deadline;
      if (!retry) throw await this.#failure(`${name} exited during its start`);
      await setTimeout(200);
    }
  }

  async #runToEnd(program: string, args: readonly string[]): Promise<void> {
    const child = await this.#spawn(program, args);
    child.ref();
    if (isRunning(child)) await once(child, 'exit');
    if (child.exitCode !== 0) throw await this.#failure(`${program} failed`);
  }

  async #spawn(program: string, args: readonly string[]): Promise<ChildProcess> {
    if (this.#stopped)
      throw new MillraceError('STACK_UNAVAILABLE', `${this.#server.name} has been stopped and cannot be started again`);
    const { name, env, user, logFile } = this.#server;
    const log = await open(logFile, 'w');
    try {
      // The shell reports its process id to the reaper before it becomes the server: at no time is the server without one.
      const child = spawn('/bin/sh', ['-c', 'echo "pid $$" >&3; exec "$@" 3>&-', name, program, ...args], {
        stdio: ['ignore', log.fd, log.fd, this.#reaper.pipe],
        detached: true,
        cwd: '/',
        env: { ...process.env, ...env },
        ...user,
      });
      this.#child = child;
      child.unref();
      child.once('exit', () => {
        this.#child = undefined;
        this.#reaper.reportExit();
      });
      await once(child, 'spawn');
      return child;
    } finally {
      await log.close();
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.ref();
    child.kill(signal);
    if (signal !== 'SIGKILL') {
      await this.cont();
      const timeout = AbortSignal.timeout(stopTimeoutMs);
      timeout.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
    }
    await exited;
  }

  async #freeze(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    child.kill(signal);
    if (this.#server.forks) await succeeds('pkill', [`-${signal.slice(3)}`, '-P', String(child.pid)]);
  }

  async #failure(message: string): Promise<MillraceError> {
    const printed = lastLines(await readFile(this.#server.logFile, 'utf8'), 15);
    return new MillraceError('STACK_UNAVAILABLE', `${message}; it printed:\n${printed}`);
  }
}

async function isStopped(pid: number): Promise<boolean> {
  return (await run('ps', ['-o', 'stat=', '-p', String(pid)])).startsWith('T');
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

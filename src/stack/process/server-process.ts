import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { MillraceError } from '../../errors.ts';
import type { Controls } from '../managed-server.ts';
import { Keeper } from '../reaper.ts';
import { lastLines, run, succeeds } from './commands.ts';

export interface ServerProgram {
  /** For messages: `Kafka`. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Takes what the server prints. */
  readonly logFile: string;
  /** What ends it in an orderly way and at once. */
  readonly stopSignal: NodeJS.Signals;
  /** Whether it works through child processes, which are then frozen with it. */
  readonly forks?: boolean;
  /** Removed in the end. */
  readonly remove: readonly string[];
  readonly finish?: string;
  /** Whether it answers. */
  answers(): Promise<boolean>;
  /** What it prints when it cannot start yet, because what a crash left behind is still there: it is started again. */
  readonly notYet?: RegExp;
}

/** Runs a program that ends by itself, as the server's user; rejects when it fails. */
export type RunToEnd = (program: string, args: readonly string[]) => Promise<void>;

/** Milliseconds; a busy machine with two cores starts three servers at once. */
const startPatience = 120_000;
const stopPatience = 20_000;

/** A server as a child process that dies with this one (see Keeper), can be mistreated, and be started again. */
export class ServerProcess implements Controls {
  readonly #server: ServerProgram;
  readonly #keeper: Keeper;
  #child: ChildProcess | undefined;
  #stopped: Promise<void> | undefined;

  constructor(server: ServerProgram) {
    this.#server = server;
    this.#keeper = new Keeper({
      signal: server.stopSignal,
      remove: server.remove,
      ...(server.finish === undefined ? {} : { finish: server.finish }),
    });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * `prepare` lays out its files, under the keeper's eyes already; what it runs for that, ends with this process too.
   * Resolves when the server answers; otherwise everything is cleaned up, and the error shows the end of the log.
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
    // Its threads stop in their own time.
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
    this.#stopped ??= this.#keeper.finish();
    return this.#stopped;
  }

  async #launch(): Promise<void> {
    const { name, notYet, logFile } = this.#server;
    const deadline = performance.now() + startPatience;
    for (;;) {
      const child = await this.#spawn(this.#server.program, this.#server.args);
      while (isRunning(child)) {
        if (await this.#server.answers()) return;
        if (performance.now() > deadline) {
          throw await this.#failure(`${name} does not answer ${startPatience / 1000} s after its start`);
        }
        await setTimeout(50);
      }
      const cannotYet = notYet?.test(await readFile(logFile, 'utf8')) && performance.now() < deadline;
      if (!cannotYet) throw await this.#failure(`${name} ended at its start`);
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
    if (this.#stopped) throw new MillraceError('STACK_UNAVAILABLE', `${this.#server.name} has been stopped for good`);
    const { name, env, user, logFile } = this.#server;
    const log = await open(logFile, 'w');
    try {
      // The shell tells the keeper its process id and then becomes the server, so that no moment is left unguarded.
      const child = spawn('/bin/sh', ['-c', 'echo "pid $$" >&3; exec "$@" 3>&-', name, program, ...args], {
        stdio: ['ignore', log.fd, log.fd, this.#keeper.pipe],
        detached: true,
        cwd: '/',
        env: { ...process.env, ...env },
        ...user,
      });
      this.#child = child;
      child.unref();
      child.once('exit', () => {
        this.#child = undefined;
        this.#keeper.gone();
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
      const patience = AbortSignal.timeout(stopPatience);
      patience.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
    }
    await exited;
  }

  async #freeze(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    child.kill(signal);
    if (this.#server.forks) await succeeds('pkill', [`-${signal.slice(3)}`, '-P', String(child.pid)]);
  }

  async #failure(what: string): Promise<MillraceError> {
    const printed = lastLines(await readFile(this.#server.logFile, 'utf8'), 15);
    return new MillraceError('STACK_UNAVAILABLE', `${what}; it printed:\n${printed}`);
  }
}

async function isStopped(pid: number): Promise<boolean> {
  return (await run('ps', ['-o', 'stat=', '-p', String(pid)])).startsWith('T');
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

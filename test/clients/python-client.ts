import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Python, pythonWith } from '../support/python.ts';
import { type PythonClient, pythonClients } from './packages.ts';
import { type Answer, Session } from './session.ts';

export interface ProgramResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An installed client: its programs and its library. */
export class InstalledClient {
  readonly #python: Python;

  private constructor(python: Python) {
    this.#python = python;
  }

  static async of(client: PythonClient): Promise<InstalledClient> {
    const packages = pythonClients[client];
    const digest = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 8);
    return new InstalledClient(await pythonWith(`clients/${client}-${digest}`, packages));
  }

  /** Starts a program of the client. */
  start(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const script = join(this.#python.environment['PYTHONPATH'] ?? '', 'bin', program);
    const env = { ...this.#python.environment, PYTHONUNBUFFERED: '1', PYTHONWARNINGS: 'ignore', ...environment };
    return spawn(this.#python.program, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Runs a program of the client and returns its output. */
  async run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<ProgramResult> {
    const child = this.start(program, args, environment);
    const ended = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [status] = await ended;
    return { status, stdout, stderr };
  }

  /** Starts a process with the library; `code` runs first. */
  async library(code: string, values: Readonly<Record<string, unknown>>): Promise<Library> {
    const session = fileURLToPath(new URL('./programs/session.py', import.meta.url));
    const library = new Library(new Session(this.#python.program, [session], this.#python.environment));
    const { error, message } = await library.call(code, values);
    if (error !== undefined) throw new Error(`${error}: ${message}`);
    return library;
  }
}

export class Library implements AsyncDisposable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Evaluates an expression or runs statements. */
  call<T = unknown>(code: string, values: Readonly<Record<string, unknown>> = {}): Promise<Answer<T>> {
    return this.#session.ask<T>({ code, values });
  }

  /** The value of an expression; throws its exception. */
  async value<T = unknown>(code: string, values: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const { error, message, body, result } = await this.call<T>(code, values);
    if (error !== undefined) throw new Error(`${error}: ${message} ${body ?? ''}`);
    return result as T;
  }

  /** Calls the function of a console script in this process. */
  program(entry: string, ...args: readonly string[]): Promise<ProgramResult> {
    return this.value<ProgramResult>(`program(${entry}, *args)`, { args });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#session[Symbol.asyncDispose]();
  }
}

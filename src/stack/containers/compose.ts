import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { MillraceError } from '../../errors.ts';
import { packageFolder } from '../../package-folder.ts';
import type { ServerControls } from '../managed-server.ts';
import { findProgram, run, succeeds } from '../process/commands.ts';
import { Reaper } from '../reaper.ts';

/** The command of Docker Compose: the program and its first arguments. */
export type ComposeCommand = readonly [program: string, ...args: string[]];

/** Milliseconds; the first start fetches images. */
const startTimeoutMs = 15 * 60_000;
const restartTimeoutMs = 120_000;

/** Finds Docker Compose; undefined when no container engine answers, and with MILLRACE_STACK=native. */
export async function findCompose(): Promise<ComposeCommand | undefined> {
  if (process.env.MILLRACE_STACK === 'native') return undefined;
  const docker = await findProgram('docker');
  if (docker === undefined || !(await succeeds(docker, ['info'], { timeout: 10_000 }))) return undefined;
  if (await succeeds(docker, ['compose', 'version'])) return [docker, 'compose'];
  const standalone = await findProgram('docker-compose');
  return standalone === undefined ? undefined : [standalone];
}

export interface ComposeServiceOptions {
  readonly compose: ComposeCommand;
  /** Its name in docker-compose.yml. */
  readonly service: string;
  /** Published ports by the environment variable that docker-compose.yml reads. */
  readonly ports: Readonly<Record<string, number>>;
  /** Compose project whose volumes are kept; by default a new project, whose volumes are removed with it. */
  readonly project?: string | undefined;
  isReady(): Promise<boolean>;
}

/** One service of docker-compose.yml in a project of its own, so that several can run beside each other. */
export class ComposeService implements ServerControls {
  /** Signals to a container go through the container engine. */
  readonly pid = undefined;
  readonly #options: ComposeServiceOptions;
  readonly #arguments: readonly string[];
  readonly #reaper: Reaper;
  #stopped: Promise<void> | undefined;

  constructor(options: ComposeServiceOptions) {
    this.#options = options;
    const project = options.project ?? `millrace-${randomBytes(4).toString('hex')}`;
    const [program, ...first] = options.compose;
    this.#arguments = [...first, '-p', project, '-f', join(packageFolder(), 'docker-compose.yml')];
    const down = [program, ...this.#arguments, 'down', ...(options.project === undefined ? ['-v'] : [])];
    this.#reaper = new Reaper({ signal: 'SIGTERM', remove: [], cleanUp: down.map(shellQuote).join(' ') });
  }

  async start(): Promise<void> {
    try {
      await this.#compose(['up', '-d', this.#options.service], startTimeoutMs);
      await this.#waitUntilReady();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  kill9(): Promise<void> {
    return this.#compose(['kill', '-s', 'SIGKILL', this.#options.service]);
  }

  stopProcess(): Promise<void> {
    return this.#compose(['pause', this.#options.service]);
  }

  cont(): Promise<void> {
    return this.#compose(['unpause', this.#options.service]);
  }

  async restart(): Promise<void> {
    await this.#compose(['restart', this.#options.service]);
    await this.#waitUntilReady();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#reaper.finish();
    return this.#stopped;
  }

  async #compose(args: readonly string[], timeout = restartTimeoutMs): Promise<void> {
    const ports = Object.entries(this.#options.ports).map(([name, port]) => [name, String(port)]);
    const env = { ...process.env, ...Object.fromEntries(ports) };
    await run(this.#options.compose[0], [...this.#arguments, ...args], { env, timeout });
  }

  async #waitUntilReady(): Promise<void> {
    const deadline = performance.now() + restartTimeoutMs;
    while (!(await this.#options.isReady())) {
      if (performance.now() > deadline) {
        const command = `docker ${this.#arguments.join(' ')} logs ${this.#options.service}`;
        throw new MillraceError('STACK_UNAVAILABLE', `${this.#options.service} does not answer; see: ${command}`);
      }
      await setTimeout(200);
    }
  }
}

/** Quotes a word for the shell. */
function shellQuote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

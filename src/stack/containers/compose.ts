import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { MillraceError } from '../../errors.ts';
import { packageFolder } from '../../package-folder.ts';
import type { Controls } from '../managed-server.ts';
import { findProgram, run, succeeds } from '../process/commands.ts';
import { Keeper } from '../reaper.ts';

/** The command that speaks for Docker Compose, and its first arguments. */
export type ComposeCommand = readonly [program: string, ...args: string[]];

/** Milliseconds; the first start fetches images. */
const startPatience = 15 * 60_000;
const restartPatience = 120_000;

/** Docker Compose when a container engine answers; MILLRACE_STACK=native looks past it. */
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
  /** What docker-compose.yml reads the published ports from. */
  readonly ports: Readonly<Record<string, number>>;
  /** Names what belongs together and lasts; a project of its own, whose volumes go with it, when not given. */
  readonly project?: string | undefined;
  answers(): Promise<boolean>;
}

/** One service of docker-compose.yml in a project of its own, so that several can run beside each other. */
export class ComposeService implements Controls {
  /** A container's process is not ours to signal. */
  readonly pid = undefined;
  readonly #options: ComposeServiceOptions;
  readonly #arguments: readonly string[];
  readonly #keeper: Keeper;
  #stopped: Promise<void> | undefined;

  constructor(options: ComposeServiceOptions) {
    this.#options = options;
    const project = options.project ?? `millrace-${randomBytes(4).toString('hex')}`;
    const [program, ...first] = options.compose;
    this.#arguments = [...first, '-p', project, '-f', join(packageFolder(), 'docker-compose.yml')];
    const down = [program, ...this.#arguments, 'down', ...(options.project === undefined ? ['-v'] : [])];
    this.#keeper = new Keeper({ signal: 'SIGTERM', remove: [], finish: down.map(quoted).join(' ') });
  }

  async start(): Promise<void> {
    try {
      await this.#compose(['up', '-d', this.#options.service], startPatience);
      await this.#untilItAnswers();
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
    await this.#untilItAnswers();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#keeper.finish();
    return this.#stopped;
  }

  async #compose(args: readonly string[], timeout = restartPatience): Promise<void> {
    const ports = Object.entries(this.#options.ports).map(([name, port]) => [name, String(port)]);
    const env = { ...process.env, ...Object.fromEntries(ports) };
    await run(this.#options.compose[0], [...this.#arguments, ...args], { env, timeout });
  }

  async #untilItAnswers(): Promise<void> {
    const deadline = performance.now() + restartPatience;
    while (!(await this.#options.answers())) {
      if (performance.now() > deadline) {
        const where = `docker ${this.#arguments.join(' ')} logs ${this.#options.service}`;
        throw new MillraceError('STACK_UNAVAILABLE', `${this.#options.service} does not answer; see: ${where}`);
      }
      await setTimeout(200);
    }
  }
}

/** As one word of a shell line. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { MillraceError } from '../errors.ts';
import { packageFolder } from '../package-folder.ts';
import { type CommandEntry, commands } from './commands.ts';

/** Exit statuses of every command; a command may answer others of its own, which its help names. */
export const exitStatus = { done: 0, failed: 1, usage: 2 } as const;

/** Thrown by an action that has said what there is to say and wants this exit status. */
export class Exit extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`exit status ${status}`);
    this.status = status;
  }
}

/**
 * Runs one command line and answers its exit status. Errors that Millrace or commander raise on purpose become one
 * sentence on stderr; anything else is a bug and keeps its stack.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    const program = await programFor(args);
    await program.parseAsync(args, { from: 'user' });
    return exitStatus.done;
  } catch (error) {
    if (error instanceof Exit) return error.status;
    // Commander has printed its own message by then.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.usage;
    process.stderr.write(`millrace: ${describe(error)}\n`);
    return exitStatus.failed;
  }
}

/** The program with the called command whole and the others as a line of help each. */
async function programFor(args: readonly string[]): Promise<Command> {
  const called = args[0] === 'help' ? args[1] : args[0];
  const program = new Command('millrace')
    .description('Change data capture and ETL as durable workflows: Kafka Connect’s API and configs, on Temporal.')
    .version(await version(), '--version', 'print the version')
    .addHelpText(
      'after',
      `\nExit status: ${exitStatus.done} done, ${exitStatus.failed} failed, ${exitStatus.usage} wrong usage.`,
    )
    .exitOverride();
  for (const entry of commands) {
    program.addCommand(entry.name === called ? await whole(entry) : new Command(entry.name).summary(entry.summary));
  }
  for (const command of everyCommand(program)) command.exitOverride().showHelpAfterError('(add --help for help)');
  return program;
}

async function whole(entry: CommandEntry): Promise<Command> {
  const { command } = await entry.load();
  return command().summary(entry.summary);
}

function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const sub of command.commands) yield* everyCommand(sub as Command);
}

async function version(): Promise<string> {
  const manifest = JSON.parse(await readFile(join(packageFolder(), 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

/** What is printed of an error that ends the program. */
export function describe(error: unknown): string {
  if (error instanceof MillraceError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

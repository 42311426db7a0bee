import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { MillraceError } from '../errors.ts';
import { packageFolder } from '../package-folder.ts';
import { type CommandEntry, commands } from './commands.ts';

/** Exit statuses of every command; further ones of a command are in its help. */
export const exitStatus = { done: 0, failed: 1, usage: 2 } as const;

/** Thrown by an action that has printed its message, to end with this exit status. */
export class Exit extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`exit status ${status}`);
    this.status = status;
  }
}

/**
 * Runs one command line and returns its exit status. An error of Millrace or commander is printed as one sentence on
 * stderr; any other is a bug and is printed with its stack.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    const program = await programFor(args);
    await program.parseAsync(args, { from: 'user' });
    return exitStatus.done;
  } catch (error) {
    if (error instanceof Exit) return error.status;
    // Commander has printed its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.usage;
    process.stderr.write(`millrace: ${describe(error)}\n`);
    return exitStatus.failed;
  }
}

/** Creates the program with the called command loaded, and the others only as a line of the help. */
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
    program.addCommand(
      entry.name === called ? await loadCommand(entry) : new Command(entry.name).summary(entry.summary),
    );
  }
  for (const command of everyCommand(program)) command.exitOverride().showHelpAfterError('(add --help for help)');
  return program;
}

async function loadCommand(entry: CommandEntry): Promise<Command> {
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

/** Text of an error that ends the program; with a stack when it is not a MillraceError. */
export function describe(error: unknown): string {
  if (error instanceof MillraceError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

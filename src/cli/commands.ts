import type { Command } from 'commander';

/** A command at the top level. Its module is loaded when it is called for, so that no command waits for another's imports. */
export interface CommandEntry {
  readonly name: string;
  /** One line in `millrace --help`. */
  readonly summary: string;
  /** Each module of a command exports `command()`, which answers the command with its options, help and action. */
  load(): Promise<{ command(): Command }>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'connectors',
    summary: 'make connectors, see how they are, and change what they do',
    load: () => import('./connectors.ts'),
  },
  {
    name: 'plugin',
    summary: 'write a connector, transform or converter of your own',
    load: () => import('./plugin.ts'),
  },
  {
    name: 'stack',
    summary: 'start and stop Temporal, Kafka and PostgreSQL on this machine',
    load: () => import('./stack.ts'),
  },
  {
    name: 'worker',
    summary: 'run a worker with the REST API from Kafka Connect’s worker properties',
    load: () => import('./worker.ts'),
  },
];

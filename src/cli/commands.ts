import type { Command } from 'commander';

/** A top-level command. Its module is loaded only when the command is called, so that commands do not load each other's. */
export interface CommandEntry {
  readonly name: string;
  /** One line in `millrace --help`. */
  readonly summary: string;
  /** Loads the command's module, which exports `command()`: it returns the command with its options, help and action. */
  load(): Promise<{ command(): Command }>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'connectors',
    summary: 'create connectors, show their state, and change them',
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

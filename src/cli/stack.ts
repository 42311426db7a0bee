import { Command } from 'commander';

export function command(): Command {
  return new Command('stack').description('Servers for development and tests.');
}

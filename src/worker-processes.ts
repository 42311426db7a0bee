import cluster from 'node:cluster';
import { pino } from 'pino';
import { workerConfigOf } from './config/worker-config/worker-config.ts';
import { Loggers } from './observability/loggers.ts';
import { processVariable } from './processes/messages.ts';
import { type Supervised, supervise } from './processes/supervise.ts';
import { surfaceOf } from './rest/access/access-policy.ts';
import { parseListeners } from './rest/listeners.ts';

/**
 * Runs `count` processes of this program with the same command line: one worker on more than one core. They share its
 * listeners, through node:cluster, and what becomes of the parent becomes of them. CONFIG_INVALID before any is started.
 */
export function startWorkerProcesses(props: Readonly<Record<string, string>>, count: number): Supervised {
  // With placeholders the first process tells, which knows what they stand for.
  if (!Object.values(props).some(value => value.includes('${'))) {
    workerConfigOf(props);
    parseListeners(props);
    surfaceOf(props);
  }
  const root = pino({ level: process.env['MILLRACE_LOG_LEVEL'] ?? 'info' }, pino.destination({ sync: true }));
  cluster.setupPrimary({ args: process.argv.slice(2) });
  return supervise({
    count,
    fork: number => cluster.fork({ [processVariable]: String(number) }),
    log: new Loggers(root).log('worker'),
  });
}

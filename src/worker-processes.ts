import cluster from 'node:cluster';
import { pino } from 'pino';
import { parseWorkerConfig } from './config/worker-config/worker-config.ts';
import { Loggers } from './observability/loggers.ts';
import { processVariable } from './processes/messages.ts';
import { type Supervised, supervise } from './processes/supervise.ts';
import { readAccessPolicy } from './rest/access/access-policy.ts';
import { parseListeners } from './rest/listeners.ts';

/**
 * Runs `count` processes of this program with the same command line, as one worker on several cores. They share the
 * listeners through node:cluster and end with the parent. CONFIG_INVALID before any process starts.
 */
export function startWorkerProcesses(props: Readonly<Record<string, string>>, count: number): Supervised {
  // Properties with placeholders are checked by the first process, which resolves them.
  if (!Object.values(props).some(value => value.includes('${'))) {
    parseWorkerConfig(props);
    parseListeners(props);
    readAccessPolicy(props);
  }
  const root = pino({ level: process.env['MILLRACE_LOG_LEVEL'] ?? 'info' }, pino.destination({ sync: true }));
  cluster.setupPrimary({ args: process.argv.slice(2) });
  return supervise({
    count,
    fork: number => cluster.fork({ [processVariable]: String(number) }),
    log: new Loggers(root).log('worker'),
  });
}

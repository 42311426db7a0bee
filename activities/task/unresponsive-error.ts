import type { HostLostError } from '../../src/data-plane/host-lost.ts';
import { MillraceError } from '../../src/errors.ts';
import type { AttemptHistory } from './attempt-history.ts';

/** Milliseconds before the next attempt of a task that may have blocked its thread. */
export const SUSPECT_RETRY_MS = 500;

/** The error of an attempt whose host was lost. subject: for example `Task orders-0`. */
export function unresponsiveError(
  subject: string,
  { message, suspicion, isSuspect }: HostLostError,
  history: AttemptHistory,
): MillraceError {
  if (suspicion.kind === 'starved')
    return new MillraceError(
      'TASK_UNRESPONSIVE',
      `${subject} was interrupted because this machine is overloaded (${message}). It will be restarted.`,
    );
  if (!isSuspect)
    return new MillraceError(
      'TASK_UNRESPONSIVE',
      `${subject} was interrupted because another task blocked their shared thread (${message}). It will be restarted.`,
    );
  const where = history.blockedIn === undefined ? '' : ` It was in ${history.blockedIn}.`;
  if (history.isQuarantined)
    return new MillraceError(
      'TASK_QUARANTINED',
      `${subject} stopped answering in ${history.unresponsive} attempts in a row: ${message}.${where} ` +
        'One of its inputs or settings, such as a record, a pattern or a plugin, takes too long or too much memory. ' +
        'Correct or skip it, then restart the task.',
    );
  return new MillraceError(
    'TASK_UNRESPONSIVE',
    `${subject} stopped answering: ${message}.${where} It will be restarted in a process of its own.`,
  );
}

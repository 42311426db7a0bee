import type { Log } from '../../../src/api/index.ts';

/** Logs only the first warning, because all sessions have the same one. */
export function warnOnce(log: Log): (message: string) => void {
  let hasWarned = false;
  return message => {
    if (!hasWarned) log.warn({}, message);
    hasWarned = true;
  };
}

import type { Log } from '../api/index.ts';

/** Settings of the log of records that `errors.tolerance` skips. */
export interface ErrorLog {
  /** `errors.log.enable` */
  readonly isEnabled: boolean;
  /** `errors.log.include.messages`: the position of the record is logged as well, but never its content. */
  readonly includesPosition: boolean;
}

/** Logs a skipped record. cause: the reason and the component that failed. */
export function logSkippedRecord(
  { errorLog, log }: { readonly errorLog: ErrorLog; readonly log: Log },
  cause: Readonly<Record<string, unknown>>,
  position: Readonly<Record<string, unknown>>,
): void {
  if (errorLog.isEnabled) log.warn({ ...cause, ...(errorLog.includesPosition ? position : {}) }, 'record skipped');
}

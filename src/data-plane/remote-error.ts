import { MillraceError } from '../errors.ts';
import type { FailureReport } from '../failure-report.ts';

/** A failure that a host reported, as an error of this thread. */
export class RemoteError extends MillraceError {
  override readonly name = 'RemoteError';
  readonly report: FailureReport;

  constructor(report: FailureReport) {
    super(report.code, report.message);
    this.report = report;
  }
}

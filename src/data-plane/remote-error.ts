import { MillraceError } from '../errors.ts';
import type { FailureReport } from '../failure-report.ts';

/** Error for a failure that a host reported. */
export class RemoteError extends MillraceError {
  override readonly name = 'RemoteError';
  readonly report: FailureReport;

  constructor(report: FailureReport) {
    super(report.code, report.message);
    this.report = report;
  }
}

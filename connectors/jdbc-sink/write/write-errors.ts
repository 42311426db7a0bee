import { SilentServerError } from '../../../src/databases/answer-watch.ts';
import { isConnectionLost, sqlErrorKind } from '../../../src/databases/postgresql/sql-errors.ts';
import { DataError, DataErrors } from '../../../src/errors.ts';
import { isFenced } from '../offsets/offsets.ts';
import { StepError } from '../protocol/pipeline.ts';

export function isSessionLost(error: unknown): boolean {
  return error instanceof SilentServerError || (error instanceof StepError && isConnectionLost(error.cause));
}

/** True if the database rejected a record, or it cannot be encoded. */
export const isRecordError = (error: unknown): error is StepError | DataError =>
  isDataFailure(error) || (error instanceof DataError && !(error instanceof DataErrors));

export const isInternalError = (error: unknown): error is StepError =>
  error instanceof StepError && !isFenced(error) && sqlErrorKind(error.cause) === 'internal';

/** True if the database rejected a record; false for the fencing statement. */
export function isDataFailure(error: unknown): error is StepError {
  if (!(error instanceof StepError) || isFenced(error)) return false;
  const kind = sqlErrorKind(error.cause);
  return kind === 'data' || kind === 'duplicate';
}

import { ApplicationFailure } from '@temporalio/common';
import { kindOfCode } from '../errors.ts';
import type { CauseReport, FailureReport } from '../failure-report.ts';

/**
 * Converts an error to a Temporal failure. Its type is the error code; Temporal retries retriable errors only. The causes
 * are included, so that the Temporal UI shows them.
 */
export function toFailure({ code, message, stack, causes }: FailureReport, retryMs?: number): ApplicationFailure {
  const cause = toCause(causes);
  const failure = ApplicationFailure.create({
    message,
    type: code,
    nonRetryable: kindOfCode(code) !== 'retriable',
    ...(retryMs === undefined ? {} : { nextRetryDelay: retryMs }),
    ...(cause === undefined ? {} : { cause }),
  });
  if (stack !== undefined) failure.stack = stack;
  return failure;
}

function toCause([first, ...rest]: readonly CauseReport[]): Error | undefined {
  if (first === undefined) return undefined;
  const cause = toCause(rest);
  const error = new Error(first.message, cause === undefined ? {} : { cause });
  error.name = first.name;
  if (first.stack !== undefined) error.stack = first.stack;
  return error;
}

import { ApplicationFailure } from '@temporalio/common';
import { type ErrorCode, kindOf, MillraceError } from '../errors.ts';

/**
 * The one place where an error becomes a Temporal failure: its code is the type, and Temporal retries just what is
 * retriable. Causes go along, so that the Temporal UI shows them; `redact` takes secrets out of every text.
 */
export function toFailure(error: unknown, redact: (text: string) => string, retryMs?: number): ApplicationFailure {
  const code: ErrorCode = error instanceof MillraceError ? error.code : 'INTERNAL';
  const failure = ApplicationFailure.create({
    message: redact(error instanceof Error ? error.message : String(error)),
    type: code,
    nonRetryable: kindOf(error) !== 'retriable',
    ...(retryMs === undefined ? {} : { nextRetryDelay: retryMs }),
    ...causeOf(error, redact),
  });
  if (error instanceof Error && error.stack) failure.stack = redact(error.stack);
  return failure;
}

function causeOf(error: unknown, redact: (text: string) => string, depth = 0): { cause?: Error } {
  if (!(error instanceof Error) || error.cause === undefined || depth === 4) return {};
  const { cause } = error;
  const copy = new Error(
    redact(cause instanceof Error ? cause.message : String(cause)),
    causeOf(cause, redact, depth + 1),
  );
  if (cause instanceof Error) {
    copy.name = cause.name;
    copy.stack = redact(cause.stack ?? '');
  }
  return { cause: copy };
}

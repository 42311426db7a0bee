import { ApplicationFailure } from '@temporalio/common';
import { type ErrorCode, kindOf, MillraceError } from '../errors.ts';

/** Characters of a failure, and of each of its causes: three bytes each, they are less than a payload may have. */
const MESSAGE = 6000;
const STACK = 3000;
const CAUSE_MESSAGE = 1500;
const CAUSE_STACK = 1000;
const CAUSES = 4;

/**
 * The one place where an error becomes a Temporal failure: its code is the type, and Temporal retries just what is
 * retriable. Causes go along, so that the Temporal UI shows them; `redact` takes secrets out of every text. Long texts,
 * such as those of a database that quotes a value, are cut with a mark.
 */
export function toFailure(error: unknown, redact: (text: string) => string, retryMs?: number): ApplicationFailure {
  const code: ErrorCode = error instanceof MillraceError ? error.code : 'INTERNAL';
  const failure = ApplicationFailure.create({
    message: cut(redact(error instanceof Error ? error.message : String(error)), MESSAGE),
    type: code,
    nonRetryable: kindOf(error) !== 'retriable',
    ...(retryMs === undefined ? {} : { nextRetryDelay: retryMs }),
    ...causeOf(error, redact),
  });
  if (error instanceof Error && error.stack) failure.stack = stackOf(error, redact, STACK);
  return failure;
}

function causeOf(error: unknown, redact: (text: string) => string, depth = 0): { cause?: Error } {
  if (!(error instanceof Error) || error.cause === undefined || depth === CAUSES) return {};
  const { cause } = error;
  const copy = new Error(
    cut(redact(cause instanceof Error ? cause.message : String(cause)), CAUSE_MESSAGE),
    causeOf(cause, redact, depth + 1),
  );
  if (cause instanceof Error) {
    copy.name = cause.name;
    copy.stack = stackOf(cause, redact, CAUSE_STACK);
  }
  return { cause: copy };
}

/** Its frames alone: the message stands in front of them in V8's, as long as it is. */
function stackOf(error: Error, redact: (text: string) => string, most: number): string {
  const frames = (error.stack ?? '').split('\n').filter(line => /^\s+at /.test(line));
  return cut(redact([error.name, ...frames].join('\n')), most);
}

/** A text of so many UTF-16 units at the most: what is too much is cut out, not at its end, where sentences say what to do. */
export function cut(text: string, most: number): string {
  // What is half a character would be no UTF-8, which Temporal does not take.
  if (text.length <= most) return text.toWellFormed();
  const mark = ` … [${text.length - most} characters more] … `;
  const kept = Math.max(0, most - mark.length);
  const tail = Math.floor(kept / 4);
  return `${text.slice(0, kept - tail)}${mark}${text.slice(text.length - tail)}`.toWellFormed();
}

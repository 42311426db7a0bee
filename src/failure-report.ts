import { type ErrorCode, MillraceError } from './errors.ts';

/** Limits in characters; at three bytes each, a report stays below the size limit of Temporal. */
const MAX_MESSAGE = 6000;
const MAX_STACK = 3000;
const MAX_CAUSE_MESSAGE = 1500;
const MAX_CAUSE_STACK = 1000;
const MAX_CAUSES = 4;

/** An error as plain data without secrets, passed from the data plane to Temporal. */
export interface FailureReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly stack?: string;
  /** The chain of causes. */
  readonly causes: readonly CauseReport[];
}

export interface CauseReport {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

/** Describes any thrown value. `redact` removes secrets from every text; long texts are truncated with a mark. */
export function reportFailure(error: unknown, redact: (text: string) => string = text => text): FailureReport {
  const stack = stackOf(error, redact, MAX_STACK);
  return {
    code: error instanceof MillraceError ? error.code : 'INTERNAL',
    message: truncateMiddle(redact(error instanceof Error ? error.message : String(error)), MAX_MESSAGE),
    ...(stack === undefined ? {} : { stack }),
    causes: causesOf(error, redact),
  };
}

function causesOf(error: unknown, redact: (text: string) => string): CauseReport[] {
  const causes: CauseReport[] = [];
  let current = error;
  while (current instanceof Error && current.cause !== undefined && causes.length < MAX_CAUSES) {
    current = current.cause;
    const stack = stackOf(current, redact, MAX_CAUSE_STACK);
    causes.push({
      name: current instanceof Error ? current.name : 'Error',
      message: truncateMiddle(redact(current instanceof Error ? current.message : String(current)), MAX_CAUSE_MESSAGE),
      ...(stack === undefined ? {} : { stack }),
    });
  }
  return causes;
}

/** Only the frames of a stack, without the message that V8 puts before them. */
function stackOf(error: unknown, redact: (text: string) => string, limit: number): string | undefined {
  if (!(error instanceof Error) || !error.stack) return undefined;
  const frames = error.stack.split('\n').filter(line => /^\s+at /.test(line));
  return truncateMiddle(redact([error.name, ...frames].join('\n')), limit);
}

/** Truncates a text to `limit` UTF-16 units by removing its middle: the end of a message often contains the remedy. */
export function truncateMiddle(text: string, limit: number): string {
  // Half of a surrogate pair is not valid UTF-8, which Temporal requires.
  if (text.length <= limit) return text.toWellFormed();
  const mark = ` … [${text.length - limit} characters more] … `;
  const rest = Math.max(0, limit - mark.length);
  const tail = Math.floor(rest / 4);
  return `${text.slice(0, rest - tail)}${mark}${text.slice(text.length - tail)}`.toWellFormed();
}

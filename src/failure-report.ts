import { type ErrorCode, MillraceError } from './errors.ts';

/** Characters of a message and of a stack: at three bytes each they stay below the limit of a Temporal payload. */
const MESSAGE = 6000;
const STACK = 3000;
const CAUSE_MESSAGE = 1500;
const CAUSE_STACK = 1000;
const MAX_CAUSES = 4;

/** An error as plain data, without secrets: what passes from the data plane to Temporal. */
export interface FailureReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly stack?: string;
  /** The cause, its cause, and so on. */
  readonly causes: readonly CauseReport[];
}

export interface CauseReport {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

/** Describes any thrown value. `redact` removes secrets from every text; long texts are cut with a mark. */
export function reportFailure(error: unknown, redact: (text: string) => string = text => text): FailureReport {
  const stack = stackOf(error, redact, STACK);
  return {
    code: error instanceof MillraceError ? error.code : 'INTERNAL',
    message: cut(redact(error instanceof Error ? error.message : String(error)), MESSAGE),
    ...(stack === undefined ? {} : { stack }),
    causes: causesOf(error, redact),
  };
}

function causesOf(error: unknown, redact: (text: string) => string): CauseReport[] {
  const causes: CauseReport[] = [];
  let current = error;
  while (current instanceof Error && current.cause !== undefined && causes.length < MAX_CAUSES) {
    current = current.cause;
    const stack = stackOf(current, redact, CAUSE_STACK);
    causes.push({
      name: current instanceof Error ? current.name : 'Error',
      message: cut(redact(current instanceof Error ? current.message : String(current)), CAUSE_MESSAGE),
      ...(stack === undefined ? {} : { stack }),
    });
  }
  return causes;
}

/** The frames alone: V8 puts the whole message in front of them. */
function stackOf(error: unknown, redact: (text: string) => string, limit: number): string | undefined {
  if (!(error instanceof Error) || !error.stack) return undefined;
  const frames = error.stack.split('\n').filter(line => /^\s+at /.test(line));
  return cut(redact([error.name, ...frames].join('\n')), limit);
}

/** Shortens a text to `limit` UTF-16 units by removing its middle: the end of a message often says what to do. */
export function cut(text: string, limit: number): string {
  // Half of a surrogate pair is not valid UTF-8, which Temporal requires.
  if (text.length <= limit) return text.toWellFormed();
  const mark = ` … [${text.length - limit} characters more] … `;
  const rest = Math.max(0, limit - mark.length);
  const tail = Math.floor(rest / 4);
  return `${text.slice(0, rest - tail)}${mark}${text.slice(text.length - tail)}`.toWellFormed();
}

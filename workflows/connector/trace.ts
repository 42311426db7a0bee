import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

/** Characters of a trace. */
export const MAX_TRACE_CHARS = 8000;
const MAX_CAUSES = 5;
const MAX_STACK_LINES = 12;

/** Messages and stacks of an activity's failure and its causes. */
export function traceOf(error: unknown): string {
  const lines: string[] = [];
  let cause: unknown = error instanceof ActivityFailure ? error.cause : error;
  for (let depth = 0; cause instanceof Error && depth < MAX_CAUSES; depth++) {
    const type = cause instanceof ApplicationFailure && cause.type ? cause.type : cause.name;
    lines.push(`${depth === 0 ? '' : 'Caused by: '}${type}: ${cause.message}`, ...stackLines(cause));
    cause = cause.cause;
  }
  return truncateTrace(lines.length === 0 ? String(error) : lines.join('\n'), MAX_TRACE_CHARS);
}

function stackLines(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter(line => /^\s+at /.test(line))
    .slice(0, MAX_STACK_LINES);
}

/** Truncates a trace to a number of characters; ends with … if truncated. */
export const truncateTrace = (trace: string, maxChars: number): string =>
  trace.length <= maxChars ? trace : `${trace.slice(0, maxChars - 2).toWellFormed()} …`;

/**
 * Every error that Millrace raises on purpose, in one table: what kind it is decides what happens next.
 *
 * - retriable: passes by itself (a link down, a server restarting); the task backs off and tries again for ever.
 * - data: one record cannot be taken; `errors.tolerance` decides.
 * - fatal: someone must act; the task shows FAILED and waits for a restart.
 * - client: a mistake in a request; the REST status says which.
 */
export type ErrorKind = 'retriable' | 'data' | 'fatal' | 'client';

const table = {
  CONFIG_INVALID: { kind: 'client', http: 400 },
  BAD_REQUEST: { kind: 'client', http: 400 },
  NOT_FOUND: { kind: 'client', http: 404 },
  CONFLICT: { kind: 'client', http: 409 },
  TEMPORAL_UNAVAILABLE: { kind: 'retriable', http: 503 },
  KAFKA_UNAVAILABLE: { kind: 'retriable', http: 503 },
  SOURCE_UNAVAILABLE: { kind: 'retriable', http: 503 },
  SINK_UNAVAILABLE: { kind: 'retriable', http: 503 },
  /** A commit whose outcome is unknown: discard the producer, fence, read the committed position, go on from there. */
  COMMIT_UNKNOWN: { kind: 'retriable', http: 503 },
  /** The task, or another one in its thread, stopped answering: the attempt was ended, and another one follows. */
  TASK_UNRESPONSIVE: { kind: 'retriable', http: 503 },
  /** A newer attempt has taken over: this one must not write again. */
  FENCED: { kind: 'retriable', http: 409 },
  RECORD_INVALID: { kind: 'data', http: 422 },
  TASK_CONFIG: { kind: 'fatal', http: 400 },
  /** The task stopped answering in several attempts: it is not tried again by itself. */
  TASK_QUARANTINED: { kind: 'fatal', http: 500 },
  SOURCE_SETUP: { kind: 'fatal', http: 500 },
  SOURCE_POSITION_LOST: { kind: 'fatal', http: 500 },
  SOURCE_PROTOCOL: { kind: 'fatal', http: 500 },
  SINK_SETUP: { kind: 'fatal', http: 500 },
  SINK_SCHEMA: { kind: 'fatal', http: 500 },
  /** A server for development or tests that cannot be found or started. */
  STACK_UNAVAILABLE: { kind: 'fatal', http: 500 },
  INTERNAL: { kind: 'fatal', http: 500 },
} as const satisfies Record<string, { kind: ErrorKind; http: number }>;

export type ErrorCode = keyof typeof table;

/** Whether a text, such as a failure's type that came over the wire, is a code of this table. */
export const isErrorCode = (text: unknown): text is ErrorCode => typeof text === 'string' && Object.hasOwn(table, text);

export class MillraceError extends Error {
  override readonly name: string = 'MillraceError';
  readonly code: ErrorCode;
  /** message: one sentence that says what is wrong and what to do; never a secret. */
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
  get kind(): ErrorKind {
    return table[this.code].kind;
  }
  get http(): number {
    return table[this.code].http;
  }
}

/** A record that cannot be taken. `index`: its place in the batch given to a sink, where known. */
export class DataError extends MillraceError {
  override readonly name: string = 'DataError';
  readonly index: number | undefined;
  /** Java class of the component that could not take the record, where that is not clear from where it happened. */
  readonly component: string | undefined;
  constructor(message: string, options?: { cause?: unknown; index?: number; component?: string }) {
    super('RECORD_INVALID', message, options);
    this.index = options?.index;
    this.component = options?.component;
  }
}

/** Several records of a batch that cannot be taken, each with its index; to whoever does not know it, the first of them. */
export class DataErrors extends DataError {
  readonly errors: readonly DataError[];
  /** errors: at least one. */
  constructor(errors: readonly DataError[]) {
    const [first] = errors;
    const more = errors.length > 1 ? ` ${errors.length - 1} more records of the batch are refused.` : '';
    super(`${first?.message}${more}`, {
      cause: first?.cause,
      ...(first?.index === undefined ? {} : { index: first.index }),
    });
    this.errors = errors;
  }
}

/** A record that Kafka does not take because of its size. */
export class RecordTooLargeError extends DataError {
  override readonly name = 'RecordTooLargeError';
}

/** Somebody newer writes in this one's place. */
export class FencedError extends MillraceError {
  override readonly name = 'FencedError';
  constructor(message: string, options?: { cause?: unknown }) {
    super('FENCED', message, options);
  }
}

export const kindOfCode = (code: ErrorCode): ErrorKind => table[code].kind;

/** The kind of any error: what is not Millrace's own is a bug, and so fatal. */
export function kindOf(error: unknown): ErrorKind {
  return error instanceof MillraceError ? error.kind : 'fatal';
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

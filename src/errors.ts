/**
 * Kinds of errors. The kind of an error code determines the reaction:
 *
 * - retriable: temporary, such as a lost connection or a server restart; the task retries with backoff, without a limit.
 * - data: one record cannot be processed; `errors.tolerance` decides.
 * - fatal: needs a change by the user; the task shows FAILED and waits for a restart.
 * - client: an invalid request; see the HTTP status.
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
  /** A commit with unknown outcome: discard the producer, fence, and resume from the committed position. */
  COMMIT_UNKNOWN: { kind: 'retriable', http: 503 },
  /** The task, or another one in its thread, stopped answering: the attempt was ended and is retried. */
  TASK_UNRESPONSIVE: { kind: 'retriable', http: 503 },
  /** A newer attempt has taken over: this one must not write any more. */
  FENCED: { kind: 'retriable', http: 409 },
  RECORD_INVALID: { kind: 'data', http: 422 },
  TASK_CONFIG: { kind: 'fatal', http: 400 },
  /** The task stopped answering in several attempts and is not retried. */
  TASK_QUARANTINED: { kind: 'fatal', http: 500 },
  SOURCE_SETUP: { kind: 'fatal', http: 500 },
  SOURCE_POSITION_LOST: { kind: 'fatal', http: 500 },
  SOURCE_PROTOCOL: { kind: 'fatal', http: 500 },
  SINK_SETUP: { kind: 'fatal', http: 500 },
  SINK_SCHEMA: { kind: 'fatal', http: 500 },
  /** A server for development or tests was not found or could not be started. */
  STACK_UNAVAILABLE: { kind: 'fatal', http: 500 },
  INTERNAL: { kind: 'fatal', http: 500 },
} as const satisfies Record<string, { kind: ErrorKind; http: number }>;

export type ErrorCode = keyof typeof table;

/** True for a code of this table; for texts such as the type of a Temporal failure. */
export const isErrorCode = (text: unknown): text is ErrorCode => typeof text === 'string' && Object.hasOwn(table, text);

export class MillraceError extends Error {
  override readonly name: string = 'MillraceError';
  readonly code: ErrorCode;
  /** message: one sentence with the problem and the remedy; never a secret. */
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

/** A record that cannot be processed. `index`: its position in the batch of a sink, if known. */
export class DataError extends MillraceError {
  override readonly name: string = 'DataError';
  readonly index: number | undefined;
  /** Java class of the component that failed, if the caller cannot determine it. */
  readonly component: string | undefined;
  constructor(message: string, options?: { cause?: unknown; index?: number; component?: string }) {
    super('RECORD_INVALID', message, options);
    this.index = options?.index;
    this.component = options?.component;
  }
}

/** Several records of a batch that cannot be processed, each with its index. Also usable as the error of the first one. */
export class DataErrors extends DataError {
  readonly errors: readonly DataError[];
  /** errors: at least one. */
  constructor(errors: readonly DataError[]) {
    const [first] = errors;
    const more = errors.length > 1 ? ` ${errors.length - 1} more records of the batch were rejected.` : '';
    super(`${first?.message}${more}`, {
      cause: first?.cause,
      ...(first?.index === undefined ? {} : { index: first.index }),
    });
    this.errors = errors;
  }
}

/** A record that Kafka rejects because of its size. */
export class RecordTooLargeError extends DataError {
  override readonly name = 'RecordTooLargeError';
}

/** A newer writer has replaced this one. */
export class FencedError extends MillraceError {
  override readonly name = 'FencedError';
  constructor(message: string, options?: { cause?: unknown }) {
    super('FENCED', message, options);
  }
}

export const kindOfCode = (code: ErrorCode): ErrorKind => table[code].kind;

/** The kind of any error. An error that is not a MillraceError is a bug and fatal. */
export function kindOf(error: unknown): ErrorKind {
  return error instanceof MillraceError ? error.kind : 'fatal';
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

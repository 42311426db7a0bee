import type { Answer } from './node-request.ts';

/** Error of Elasticsearch or OpenSearch. */
export interface ElasticError {
  readonly type: string;
  /** Reason without text that may be a record's content. */
  readonly reason: string;
}

/** Error in the body of a response; undefined if there is none. */
export function answerError(answer: Answer): ElasticError | undefined {
  try {
    return readError((JSON.parse(answer.body.toString()) as { error?: unknown }).error);
  } catch {
    return undefined;
  }
}

/** Message about a failed request. problem: its first part. */
export function describeAnswer(problem: string, answer: Answer): string {
  const error = answerError(answer);
  return `${problem}: HTTP ${answer.status}${error === undefined ? '' : `, ${error.type}: ${error.reason}`}`;
}

/**
 * True if a block prevents writes to the cluster or the index: set by Elasticsearch if the disk is full (HTTP 429, or 403 in
 * earlier versions), or by an operator (HTTP 403).
 */
export const isBlocked = (error: ElasticError | undefined): boolean => error?.type === 'cluster_block_exception';

/** Error of a bulk item, or in the body of a response. */
export function readError(error: unknown): ElasticError | undefined {
  if (typeof error === 'string') return { type: 'error', reason: withoutValues(error) };
  if (typeof error !== 'object' || error === null) return undefined;
  const { type, reason, caused_by } = error as { type?: unknown; reason?: unknown; caused_by?: unknown };
  const ownReason = typeof reason === 'string' ? withoutValues(reason) : '';
  const cause = causeOf(caused_by);
  return {
    type: typeof type === 'string' ? type : 'error',
    reason: cause === undefined || cause === ownReason ? ownReason : `${ownReason}: ${cause}`,
  };
}

/** Causes that quote only names of fields of a document; others may quote values. */
const plainCauses = [
  /^Limit of [a-z ]+ \[\d+\] has been exceeded\b.*/i,
  /^.*\bfield name (?:cannot|can't|is longer|starting|must)\b.*/i,
  /^.*\bcannot be an empty string\b.*/i,
  /^mapper \[[^\]]*\] cannot be changed from type \[\w+\] to \[\w+\]$/,
  /^The number of nested documents has exceeded the allowed limit of \[\d+\].*/,
];

/** The innermost cause without values of the document. */
function causeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { reason, caused_by } = error as { reason?: unknown; caused_by?: unknown };
  const inner = causeOf(caused_by);
  if (inner !== undefined || typeof reason !== 'string') return inner;
  return plainCauses.some(plain => plain.test(reason)) ? withoutValues(reason) : undefined;
}

/** Removes everything from the bracket after the first `id` or `value` to the last bracket. */
function withoutBrackets(reason: string): string {
  const opened = /\b(ids?|value) [[(]/.exec(reason);
  const end = Math.max(reason.lastIndexOf(']'), reason.lastIndexOf(')'));
  if (opened === null || end < opened.index) return reason;
  return `${reason.slice(0, opened.index)}${opened[1]} […]${reason.slice(end + 1)}`;
}

/**
 * Reason without quotations: document ids and previews of fields are in quotation marks or after the words `id` and `value`,
 * names of fields and types in brackets. Logs and errors must not contain the content of records.
 */
function withoutValues(reason: string): string {
  return withoutBrackets(reason)
    .replace(/['"].*$/s, '…')
    .replace(/ in document with id …$/, '')
    .trim();
}

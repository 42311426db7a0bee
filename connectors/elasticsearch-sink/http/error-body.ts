import type { Answer } from './node-request.ts';

/** Elasticsearch's description of what was wrong. */
export interface ElasticError {
  readonly type: string;
  /** Without what of it may be a record's content. */
  readonly reason: string;
}

/** The error of an answer; undefined where its body holds none. */
export function errorOf(answer: Answer): ElasticError | undefined {
  try {
    return readError((JSON.parse(answer.body.toString()) as { error?: unknown }).error);
  } catch {
    return undefined;
  }
}

/** For a message: what was asked for, and what was answered. */
export function describe(what: string, answer: Answer): string {
  const error = errorOf(answer);
  return `${what}: HTTP ${answer.status}${error === undefined ? '' : `, ${error.type}: ${error.reason}`}`;
}

/**
 * The cluster or the index takes no writes until a block is lifted: by Elasticsearch, which sets one where the disk is full
 * (HTTP 429, or 403 in earlier versions), or by an operator (HTTP 403).
 */
export const isBlocked = (error: ElasticError | undefined): boolean => error?.type === 'cluster_block_exception';

/** As it stands in a bulk item or in the body of a refused request. */
export function readError(error: unknown): ElasticError | undefined {
  if (typeof error === 'string') return { type: 'error', reason: withoutValues(error) };
  if (typeof error !== 'object' || error === null) return undefined;
  const { type, reason, caused_by } = error as { type?: unknown; reason?: unknown; caused_by?: unknown };
  const own = typeof reason === 'string' ? withoutValues(reason) : '';
  const cause = causeOf(caused_by);
  return {
    type: typeof type === 'string' ? type : 'error',
    reason: cause === undefined || cause === own ? own : `${own}: ${cause}`,
  };
}

/** Causes that quote nothing of a document but names of its fields; others may quote values, in many ways. */
const plainCauses = [
  /^Limit of [a-z ]+ \[\d+\] has been exceeded\b.*/i,
  /^.*\bfield name (?:cannot|can't|is longer|starting|must)\b.*/i,
  /^.*\bcannot be an empty string\b.*/i,
  /^mapper \[[^\]]*\] cannot be changed from type \[\w+\] to \[\w+\]$/,
  /^The number of nested documents has exceeded the allowed limit of \[\d+\].*/,
];

/** The innermost cause that may be told. */
function causeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { reason, caused_by } = error as { reason?: unknown; caused_by?: unknown };
  const inner = causeOf(caused_by);
  if (inner !== undefined || typeof reason !== 'string') return inner;
  return plainCauses.some(plain => plain.test(reason)) ? withoutValues(reason) : undefined;
}

/** Cuts out everything from the bracket after the first `id` or `value` to the last bracket. */
function withoutBrackets(reason: string): string {
  const opened = /\b(ids?|value) [[(]/.exec(reason);
  const end = Math.max(reason.lastIndexOf(']'), reason.lastIndexOf(')'));
  if (opened === null || end < opened.index) return reason;
  return `${reason.slice(0, opened.index)}${opened[1]} […]${reason.slice(end + 1)}`;
}

/**
 * A reason up to where it begins to quote: document ids and previews of fields stand in quotation marks or behind the
 * words `id` and `value`, names of fields and types in brackets. No record's content gets into a log or a failure.
 */
function withoutValues(reason: string): string {
  return withoutBrackets(reason)
    .replace(/['"].*$/s, '…')
    .replace(/ in document with id …$/, '')
    .trim();
}

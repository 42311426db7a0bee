import { type ElasticError, isBlocked, readError } from '../http/error-body.ts';

/**
 * Result of one item.
 *
 * - written: the document was written, or a newer version exists.
 * - retriable: the cluster is busy, or the index is blocked.
 * - malformed: the document is rejected, also by a retry.
 * - indexNotFound: the index does not exist (any more).
 * - rejected: an error that is not caused by the document.
 */
export type BulkItemResultKind = 'written' | 'retriable' | 'malformed' | 'indexNotFound' | 'rejected';

export interface BulkItemResult {
  readonly kind: BulkItemResultKind;
  /** Version of the document if it is not lower than the record's; NaN if the server does not report it. */
  readonly conflict?: number;
  readonly status: number;
  readonly error: ElasticError | undefined;
}

/** Error types of Elasticsearch and OpenSearch for malformed documents. */
const malformedTypes = new Set([
  'strict_dynamic_mapping_exception',
  'mapper_parsing_exception',
  'document_parsing_exception',
  'illegal_argument_exception',
  'action_request_validation_exception',
  'not_x_content_exception',
  'parse_exception',
  'parsing_exception',
  'x_content_parse_exception',
]);

const writtenResult: BulkItemResult = { kind: 'written', status: 200, error: undefined };
/** `VersionType.EXTERNAL.explainConflictForWrites` of Elasticsearch and OpenSearch, after the document's id. */
const currentVersionPattern = /current version \[(\d+)\] is higher or equal to the one provided \[\d+\]$/;

/** versioned: a conflict means that this version or a newer one exists; otherwise, that there was a concurrent change. */
export function bulkItemResult(item: unknown, versioned: boolean): BulkItemResult {
  const [result] = Object.values(item as Record<string, { status?: number; error?: unknown }>);
  // Deleting a missing document results in 404 without an error.
  if (result?.error === undefined) return writtenResult;
  const status = result.status ?? 0;
  const error = readError(result.error);
  const type = error?.type ?? '';
  if (type === 'version_conflict_engine_exception')
    return versioned
      ? { ...writtenResult, conflict: currentVersionOf(result.error) }
      : { kind: 'retriable', status, error };
  const kind: BulkItemResultKind =
    status === 429 || status >= 500 || isBlocked(error)
      ? 'retriable'
      : malformedTypes.has(type)
        ? 'malformed'
        : type === 'index_not_found_exception'
          ? 'indexNotFound'
          : 'rejected';
  return { kind, status, error };
}

function currentVersionOf(error: unknown): number {
  const { reason } = error as { reason?: unknown };
  return Number(currentVersionPattern.exec(String(reason))?.[1]);
}

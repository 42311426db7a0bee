import { type ElasticError, isBlocked, readError } from '../http/error-body.ts';

/**
 * What became of one item.
 *
 * - written: it is in, or a newer version was in before it.
 * - again: the cluster was too busy for it, or the index is blocked.
 * - malformed: the document cannot be taken, now or later.
 * - missing: there is no such index (any more).
 * - refused: something else than the document is wrong.
 */
export type Verdict = 'written' | 'again' | 'malformed' | 'missing' | 'refused';

export interface ItemOutcome {
  readonly verdict: Verdict;
  /** Version of the document where it is equal to the record's or greater; NaN where the server does not name it. */
  readonly conflict?: number;
  readonly status: number;
  readonly error: ElasticError | undefined;
}

/** What Elasticsearch and OpenSearch call documents that they cannot take. */
const malformed = new Set([
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

const written: ItemOutcome = { verdict: 'written', status: 200, error: undefined };
/** `VersionType.EXTERNAL.explainConflictForWrites` of Elasticsearch and OpenSearch, after the document's id. */
const currentVersion = /current version \[(\d+)\] is higher or equal to the one provided \[\d+\]$/;

/** versioned: conflicts mean that this version or a newer one is in; else that somebody got in between. */
export function verdictOf(item: unknown, versioned: boolean): ItemOutcome {
  const [result] = Object.values(item as Record<string, { status?: number; error?: unknown }>);
  // A delete of what is not there is 404 without an error.
  if (result?.error === undefined) return written;
  const status = result.status ?? 0;
  const error = readError(result.error);
  const type = error?.type ?? '';
  if (type === 'version_conflict_engine_exception')
    return versioned ? { ...written, conflict: versionIn(result.error) } : { verdict: 'again', status, error };
  const verdict: Verdict =
    status === 429 || status >= 500 || isBlocked(error)
      ? 'again'
      : malformed.has(type)
        ? 'malformed'
        : type === 'index_not_found_exception'
          ? 'missing'
          : 'refused';
  return { verdict, status, error };
}

function versionIn(error: unknown): number {
  const { reason } = error as { reason?: unknown };
  return Number(currentVersion.exec(String(reason))?.[1]);
}

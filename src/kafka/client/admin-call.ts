import type { Cluster } from '../cluster/cluster.ts';
import { retry } from '../cluster/retry.ts';
import { toMillraceError } from '../failures.ts';

/** Runs an operation with retries until the request timeout has passed. operation: completes "Cannot <operation>: …". */
export async function runAdminCall<T>(
  cluster: Cluster,
  operation: string,
  attempt: () => Promise<T>,
  beforeRetry?: (error: unknown) => void,
): Promise<T> {
  try {
    return await retry(attempt, {
      deadline: cluster.deadline(),
      signal: cluster.signal,
      firstBackoffMs: 20,
      ...(beforeRetry === undefined ? {} : { beforeRetry }),
    });
  } catch (error) {
    throw toMillraceError(error, operation, 'SOURCE_SETUP');
  }
}

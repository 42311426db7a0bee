import { type FetchedBatch, isAbortMarker, isControl, isTransactional } from '../protocol/record-decoder.ts';
import type { AbortedTransaction } from './fetch-request.ts';

/**
 * Creates the filter of a fetched partition's batches. It returns false for control batches and for the records of aborted
 * transactions (KIP-98). Call it with all batches of one response in order; the response lists every aborted transaction that
 * overlaps it.
 */
export function abortFilter(aborted: readonly AbortedTransaction[]): (batch: FetchedBatch) => boolean {
  const upcoming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<number>();
  let next = 0;
  return batch => {
    for (
      let first = upcoming[next];
      first !== undefined && first.firstOffset <= batch.lastOffset;
      first = upcoming[next]
    ) {
      open.add(first.producerId);
      next++;
    }
    if (isControl(batch)) {
      if (open.has(batch.producerId) && isAbortMarker(batch)) open.delete(batch.producerId);
      return false;
    }
    return !(isTransactional(batch) && open.has(batch.producerId));
  };
}

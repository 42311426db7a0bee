import { type FetchedBatch, isAbortMarker, isControl, isTransactional } from '../protocol/record-decoder.ts';
import type { AbortedTransaction } from './fetch-request.ts';

/**
 * Tells a fetched partition's batches that count from those that do not: markers, and the records of aborted
 * transactions (KIP-98). Takes the batches of one answer in order; the answer lists every aborted transaction that
 * reaches into it.
 */
export function abortFilter(aborted: readonly AbortedTransaction[]): (batch: FetchedBatch) => boolean {
  const coming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<number>();
  let next = 0;
  return batch => {
    for (let first = coming[next]; first !== undefined && first.firstOffset <= batch.lastOffset; first = coming[next]) {
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

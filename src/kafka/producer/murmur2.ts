const M = 0x5bd1e995;

/**
 * Hash of bytes[start, end) as in Kafka's default partitioner (org.apache.kafka.common.utils.Utils.murmur2), in int32
 * arithmetic.
 */
export function murmur2(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  let h = 0x9747b28c ^ length;
  let at = start;
  for (const tail = end - (length & 3); at < tail; at += 4) {
    let k =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const rest = length & 3;
  if (rest > 0) {
    if (rest === 3) h ^= (bytes[at + 2] as number) << 16;
    if (rest >= 2) h ^= (bytes[at + 1] as number) << 8;
    h = Math.imul(h ^ (bytes[at] as number), M);
  }
  h = Math.imul(h ^ (h >>> 13), M);
  return h ^ (h >>> 15);
}

/** Partition of a key, as Kafka's default partitioner chooses it. */
export const partitionForKey = (bytes: Uint8Array, start: number, end: number, partitions: number): number =>
  (murmur2(bytes, start, end) & 0x7fffffff) % partitions;

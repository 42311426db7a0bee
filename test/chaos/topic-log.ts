import { Cluster } from '../../src/kafka/cluster/cluster.ts';
import { callLeaders } from '../../src/kafka/cluster/leaders.ts';
import { EARLIEST, LATEST, listPartitionOffsets } from '../../src/kafka/cluster/list-offsets.ts';
import { throwIfError } from '../../src/kafka/failures.ts';
import type { RawRecord } from '../../src/kafka/port.ts';
import {
  BatchDecoder,
  type FetchedBatch,
  isAbortMarker,
  isControl,
  parseBatches,
} from '../../src/kafka/protocol/record-decoder.ts';
import { fetchOnce } from '../../src/kafka/reader/fetch-request.ts';
import { silent } from '../../src/observability/silent.ts';

const FETCH_BYTES = 4 << 20;

/** Milliseconds for the transaction marker after the records have been read. */
const PATIENCE_MS = 10_000;

/**
 * Committed records of partition 0 in offset order, converted by `read`; null skips a record. Reads the log with its
 * transaction markers, because committed reads do not show the producer of a record. Rejects if a transaction stays
 * open. bootstrap: host:port of each broker, separated by commas.
 */
export async function readTopic<T extends { readonly offset: number }>(
  bootstrap: string,
  topic: string,
  read: (record: RawRecord, producerId: number) => T | null,
): Promise<T[]> {
  const cluster = new Cluster({ brokers: bootstrap.split(','), clientId: 'topic-log' }, silent);
  const at = { topic, partition: 0 };
  const committed: T[] = [];
  /** Records of open transactions by producer. */
  const open = new Map<number, T[]>();
  const add = (batch: FetchedBatch): void => {
    const { producerId } = batch;
    if (isControl(batch)) {
      if (!isAbortMarker(batch)) for (const record of open.get(producerId) ?? []) committed.push(record);
      open.delete(producerId);
      return;
    }
    const records: RawRecord[] = [];
    const all = { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
    new BatchDecoder(batch, 0, Buffer.allocUnsafeSlow).decode(records, all);
    const transaction = open.get(producerId) ?? [];
    open.set(producerId, transaction);
    for (const record of records) {
      const change = read(record, producerId);
      if (change !== null) transaction.push(change);
    }
  };
  try {
    const [low = 0] = await listPartitionOffsets(cluster, [at], EARLIEST, 'read_uncommitted');
    const [end = 0] = await listPartitionOffsets(cluster, [at], LATEST, 'read_uncommitted');
    const limits = { maxBytes: FETCH_BYTES, maxPartitionBytes: FETCH_BYTES, maxWaitMs: 200, uncommitted: true };
    let deadline = Number.POSITIVE_INFINITY;
    for (let next = low; next < end || open.size > 0; ) {
      if (next >= end) deadline = Math.min(deadline, performance.now() + PATIENCE_MS);
      if (performance.now() > deadline)
        throw new Error(`transactions of producers ${[...open.keys()]} are open in ${topic}`);
      await callLeaders(cluster, [at], async leader => {
        const { error, partitions } = await fetchOnce(
          leader,
          [{ ...at, offset: next }],
          limits,
          Buffer.allocUnsafeSlow,
        );
        throwIfError(error, 'a fetch');
        for (const { error: code, records } of partitions) {
          throwIfError(code, `topic ${topic}`);
          for (const batch of parseBatches(records)) {
            add(batch);
            next = batch.lastOffset + 1;
          }
        }
      });
    }
  } finally {
    cluster.close();
  }
  return committed.sort((a, b) => a.offset - b.offset);
}

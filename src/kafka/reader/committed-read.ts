import type { Log } from '../../api/component.ts';
import { describeOpenTransactions } from '../client/open-transactions.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { callLeaders } from '../cluster/leaders.ts';
import { listOffsetRanges } from '../cluster/list-offsets.ts';
import { retry } from '../cluster/retry.ts';
import { rejectStaleLeaders } from '../cluster/stale-leaders.ts';
import { BrokerError, codes, throwIfError, toMillraceError } from '../failures.ts';
import type { CommittedReadOptions, OpenTransaction, PartitionOffsets } from '../port.ts';
import { parseBatches } from '../protocol/record-decoder.ts';
import { fetchOnce } from './fetch-request.ts';
import { openReader } from './reader.ts';
import { UnstableTail } from './unstable-tail.ts';

const READ_BYTES = 4 * 1024 * 1024;
/** `fetch.max.wait.ms` while waiting for the control records of open transactions. */
const WAIT_MS = 250;

/** See the port. connect: creates a cluster, which this function closes. */
export async function readCommitted(
  connect: () => Cluster,
  topic: string,
  options: CommittedReadOptions,
  log: Log,
): Promise<readonly OpenTransaction[]> {
  const cluster = connect();
  try {
    const ranges = await listRanges(cluster, topic);
    const tails = await readStable(connect, topic, ranges, options, log);
    return await readTails(cluster, tails, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw toMillraceError(error, `read topic ${topic}`, 'SOURCE_SETUP');
  } finally {
    cluster.close();
  }
}

/** Offset ranges of all partitions, as their leaders report them. */
function listRanges(cluster: Cluster, topic: string): Promise<readonly PartitionOffsets[]> {
  const read = async (): Promise<readonly PartitionOffsets[]> => {
    await cluster.refreshMetadata([topic]);
    const count = cluster.topic(topic)?.leaders.length ?? 0;
    const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
    const ranges = await listOffsetRanges(cluster, partitions);
    await rejectStaleLeaders(cluster, topic);
    return ranges;
  };
  return retry(read, { deadline: cluster.deadline(), signal: cluster.signal });
}

/** Reads the records before the last stable offsets. Returns the unstable tails of the partitions. */
async function readStable(
  connect: () => Cluster,
  topic: string,
  ranges: readonly PartitionOffsets[],
  options: CommittedReadOptions,
  log: Log,
): Promise<readonly UnstableTail[]> {
  const positions = new Map(ranges.map(({ partition, low }) => [partition, low]));
  const stable = ranges.filter(({ low, end }) => low < end);
  const remaining = new Map(stable.map(({ partition, end }) => [partition, end]));
  if (remaining.size > 0) {
    const assigned = stable.map(({ partition, low }) => ({ topic, partition, offset: low }));
    const limits = { maxBytes: READ_BYTES, maxPartitionBytes: READ_BYTES, maxWaitMs: 2 * WAIT_MS };
    const reader = await openReader(connect(), { assigned, ...limits }, log);
    try {
      while (remaining.size > 0)
        for (const { partition, records, next } of await reader.poll()) {
          for (const { key, value } of records) if (key !== null && options.accepts(key)) options.onRecord(key, value);
          positions.set(partition, next);
          if (next >= (remaining.get(partition) ?? 0)) remaining.delete(partition);
        }
    } finally {
      await reader.close();
    }
  }
  return ranges.flatMap(({ partition, high }) => {
    const start = positions.get(partition) ?? 0;
    return start < high ? [new UnstableTail({ topic, partition }, start, high, options)] : [];
  });
}

async function readTails(
  cluster: Cluster,
  tails: readonly UnstableTail[],
  { onRecord, openTransactionWaitMs }: CommittedReadOptions,
): Promise<readonly OpenTransaction[]> {
  const isOpen = (tail: UnstableTail): boolean => !tail.isRead || tail.awaitedProducers.length > 0;
  const deadline = performance.now() + openTransactionWaitMs;
  for (let open = tails.filter(isOpen); open.length > 0; open = tails.filter(isOpen)) {
    if (open.every(tail => tail.isRead) && performance.now() > deadline) break;
    await callLeaders(cluster, open, async (leader, list) => {
      const positions = tails
        .filter(({ partition }) => list.some(candidate => candidate.partition === partition))
        .map(positionOf);
      const limits = { maxBytes: READ_BYTES, maxPartitionBytes: READ_BYTES, maxWaitMs: WAIT_MS, uncommitted: true };
      const { error, partitions } = await fetchOnce(leader, positions, limits, Buffer.allocUnsafeSlow);
      throwIfError(error, 'a fetch');
      for (const { topic, partition, error: code, records } of partitions) {
        if (code !== codes.NONE) throw new BrokerError(code, `partition ${partition} of topic ${topic}`);
        const tail = tails.find(candidate => candidate.partition === partition);
        for (const batch of parseBatches(records)) tail?.add(batch);
      }
    });
  }
  for (const tail of tails) for (const { key, value } of tail.committedRecords) onRecord(key, value);
  return describeOpenTransactions(
    cluster,
    tails.flatMap(({ topic, partition, awaitedProducers }) =>
      awaitedProducers.map(producerId => ({ topic, partition, producerId })),
    ),
  );
}

const positionOf = ({ topic, partition, next }: UnstableTail) => ({ topic, partition, offset: next });

import type { Log } from '../../api/component.ts';
import { describeOpenTransactions } from '../client/open-transactions.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { askLeaders } from '../cluster/leaders.ts';
import { EARLIEST, LATEST, offsetsAt } from '../cluster/list-offsets.ts';
import { persist } from '../cluster/retry.ts';
import { rejectStaleLeaders } from '../cluster/stale-leaders.ts';
import { BrokerError, codes, failIf, millraceError } from '../failures.ts';
import type { CommittedReadOptions, OpenTransaction, PartitionOffsets } from '../port.ts';
import { batchesOf } from '../protocol/record-decoder.ts';
import { fetchOnce } from './fetch-request.ts';
import { openReader } from './reader.ts';
import { UnstableTail } from './unstable-tail.ts';

const READ_BYTES = 4 * 1024 * 1024;
/** `fetch.max.wait.ms` while the markers of open transactions are awaited. */
const WAIT_MS = 250;

/** See the port. connect: makes a cluster, which is closed here. */
export async function readCommitted(
  connect: () => Cluster,
  topic: string,
  options: CommittedReadOptions,
  log: Log,
): Promise<readonly OpenTransaction[]> {
  const cluster = connect();
  try {
    const ranges = await rangesOf(cluster, topic);
    const tails = await readStable(connect, topic, ranges, options, log);
    return await readTails(cluster, tails, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw millraceError(error, `read topic ${topic}`, 'SOURCE_SETUP');
  } finally {
    cluster.close();
  }
}

/** Offset ranges of all partitions, as their leaders report them. */
function rangesOf(cluster: Cluster, topic: string): Promise<readonly PartitionOffsets[]> {
  const read = async (): Promise<readonly PartitionOffsets[]> => {
    await cluster.refresh([topic]);
    const count = cluster.topic(topic)?.leaders.length ?? 0;
    const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
    // In this order, each is at most the next.
    const lows = await offsetsAt(cluster, partitions, EARLIEST, 'read_uncommitted');
    const ends = await offsetsAt(cluster, partitions, LATEST, 'read_committed');
    const highs = await offsetsAt(cluster, partitions, LATEST, 'read_uncommitted');
    await rejectStaleLeaders(cluster, topic);
    return partitions.map((at, i) => ({ ...at, low: lows[i] ?? 0, end: ends[i] ?? 0, high: highs[i] ?? 0 }));
  };
  return persist(read, { deadline: cluster.deadline(), signal: cluster.signal });
}

/** Reads what is stable, and answers what is left of each partition. */
async function readStable(
  connect: () => Cluster,
  topic: string,
  ranges: readonly PartitionOffsets[],
  options: CommittedReadOptions,
  log: Log,
): Promise<readonly UnstableTail[]> {
  const reached = new Map(ranges.map(({ partition, low }) => [partition, low]));
  const stable = ranges.filter(({ low, end }) => low < end);
  const left = new Map(stable.map(({ partition, end }) => [partition, end]));
  if (left.size > 0) {
    const assigned = stable.map(({ partition, low }) => ({ topic, partition, offset: low }));
    const limits = { maxBytes: READ_BYTES, maxPartitionBytes: READ_BYTES, maxWaitMs: 2 * WAIT_MS };
    const reader = await openReader(connect(), { assigned, ...limits }, log);
    try {
      while (left.size > 0)
        for (const { partition, records, next } of await reader.poll()) {
          for (const { key, value } of records) if (key !== null && options.wanted(key)) options.take(key, value);
          reached.set(partition, next);
          if (next >= (left.get(partition) ?? 0)) left.delete(partition);
        }
    } finally {
      await reader.close();
    }
  }
  return ranges.flatMap(({ partition, high }) => {
    const start = reached.get(partition) ?? 0;
    return start < high ? [new UnstableTail({ topic, partition }, start, high, options)] : [];
  });
}

async function readTails(
  cluster: Cluster,
  tails: readonly UnstableTail[],
  { take, patienceMs }: CommittedReadOptions,
): Promise<readonly OpenTransaction[]> {
  const isOpen = (tail: UnstableTail): boolean => !tail.isRead || tail.awaitedProducers.length > 0;
  const until = performance.now() + patienceMs;
  for (let open = tails.filter(isOpen); open.length > 0; open = tails.filter(isOpen)) {
    if (open.every(tail => tail.isRead) && performance.now() > until) break;
    await askLeaders(cluster, open, async (leader, list) => {
      const positions = tails.filter(({ partition }) => list.some(one => one.partition === partition)).map(positionOf);
      const limits = { maxBytes: READ_BYTES, maxPartitionBytes: READ_BYTES, maxWaitMs: WAIT_MS, uncommitted: true };
      const { error, partitions } = await fetchOnce(leader, positions, limits, Buffer.allocUnsafeSlow);
      failIf(error, 'a fetch');
      for (const { topic, partition, error: code, records } of partitions) {
        if (code !== codes.NONE) throw new BrokerError(code, `partition ${partition} of topic ${topic}`);
        const tail = tails.find(one => one.partition === partition);
        for (const batch of batchesOf(records)) tail?.add(batch);
      }
    });
  }
  for (const tail of tails) for (const { key, value } of tail.committed) take(key, value);
  return describeOpenTransactions(
    cluster,
    tails.flatMap(({ topic, partition, awaitedProducers }) =>
      awaitedProducers.map(producerId => ({ topic, partition, producerId })),
    ),
  );
}

const positionOf = ({ topic, partition, next }: UnstableTail) => ({ topic, partition, offset: next });

import { setTimeout as after } from 'node:timers/promises';
import type { Log } from '../api/component.ts';
import { MillraceError } from '../errors.ts';
import { abortFilter } from './abort-filter.ts';
import { bufferPool } from './buffer-pool.ts';
import type { Cluster } from './cluster.ts';
import { BrokerError, codes, failIf, isPassing, isStale, millraceError, SetupFailure } from './failures.ts';
import { type FetchedPartition, fetchOnce } from './fetch.ts';
import { EARLIEST, LATEST, offsetsAt } from './list-offsets.ts';
import type { FetchedRecords, RawRecord, Reader, ReaderOptions } from './port.ts';
import type { BufferPool } from './record-batch.ts';
import { batchesOf, decodeRecords, type FetchedBatch } from './record-decoder.ts';

/** How much one `poll` decodes, so that it does not hold the event loop: a few milliseconds' worth. */
const POLL_BYTES = 4 * 1024 * 1024;
const POLL_RECORDS = 20_000;
/** What is kept of the memory of decompressed batches, on top of answers. */
const POOL_BYTES = 8 * 1024 * 1024;
/** Wait after a failed fetch, doubled from one to the next. */
const FIRST_WAIT_MS = 20;
const MOST_WAIT_MS = 500;

/**
 * Opens the partitions at their offsets, straight on their leaders. Takes over `cluster` and closes it.
 */
export async function openReader(cluster: Cluster, options: ReaderOptions, log: Log): Promise<Reader> {
  try {
    const { assigned } = options;
    const lows = await offsetsAt(cluster, assigned, EARLIEST, 'read_uncommitted');
    for (const [i, { topic, partition, offset }] of assigned.entries())
      if (offset < (lows[i] ?? 0)) {
        const [high = 0] = await offsetsAt(cluster, [{ topic, partition }], LATEST, 'read_uncommitted');
        throw positionLost({ topic, partition, position: offset }, lows[i] ?? 0, high);
      }
    return new LeaderReader(cluster, options, log);
  } catch (error) {
    cluster.close();
    throw millraceError(error, 'read from Kafka', 'SINK_SETUP');
  }
}

function positionLost(
  { topic, partition, position }: { topic: string; partition: number; position: number },
  low: number,
  high: number,
): MillraceError {
  return new MillraceError(
    'SOURCE_POSITION_LOST',
    `Partition ${partition} of topic ${topic} no longer holds offset ${position}: it holds ${low} to ${high}. Records in between were deleted or the topic was made anew; set the offset to go on from.`,
  );
}

/** One assigned partition. */
interface Assigned {
  readonly topic: string;
  readonly partition: number;
  /** What the next `poll` delivers. */
  position: number;
  /** What the next fetch asks for: ahead of `position` by what has arrived and is being delivered. */
  fetchPosition: number;
}

/** One leader's answer, in memory of the pool. */
interface Answer {
  readonly memory: readonly Buffer[];
  readonly partitions: readonly FetchedPartition[];
}

/** An answer's part for one partition, its batches being delivered one after another. */
interface Delivery {
  readonly assigned: Assigned;
  /** What may be used again when this has been delivered: the last part of an answer has all of it. */
  memory: readonly Buffer[];
  readonly batches: readonly FetchedBatch[];
  readonly counts: (batch: FetchedBatch) => boolean;
  readonly end: number;
  next: number;
}

interface Leader {
  busy: boolean;
  /** An answer that waits until those before it have been delivered. */
  arrived: Answer | undefined;
}

class LeaderReader implements Reader {
  readonly #cluster: Cluster;
  readonly #options: ReaderOptions;
  readonly #log: Log;
  readonly #assigned = new Map<string, Assigned>();
  readonly #leaders = new Map<number, Leader>();
  readonly #pool: BufferPool;
  /** Memory of the records last delivered, and of those delivered before them. */
  #lent: Buffer[] = [];
  #lentBefore: Buffer[] = [];
  #deliveries: Delivery[] = [];
  #failure: unknown;
  #failingSince: number | undefined;
  #wait = FIRST_WAIT_MS;
  #turn = 0;
  #wake: () => void = () => {};

  constructor(cluster: Cluster, options: ReaderOptions, log: Log) {
    this.#cluster = cluster;
    this.#options = options;
    this.#log = log;
    this.#pool = bufferPool(POOL_BYTES + 3 * options.maxBytes);
    for (const { topic, partition, offset } of options.assigned)
      this.#assigned.set(`${topic} ${partition}`, { topic, partition, position: offset, fetchPosition: offset });
  }

  async poll(): Promise<readonly FetchedRecords[]> {
    if (this.#cluster.signal.aborted) throw new MillraceError('KAFKA_UNAVAILABLE', 'This reader of Kafka is closed.');
    const until = performance.now() + this.#options.maxWaitMs;
    for (;;) {
      if (this.#cluster.signal.aborted) return [];
      if (this.#deliveries.length === 0) this.#deliverArrived();
      this.#fetch();
      try {
        const records = this.#decode();
        if (records.length > 0) return records;
      } catch (error) {
        this.#failure ??= error;
      }
      if (this.#failure !== undefined) throw millraceError(this.#failure, 'read from Kafka', 'SINK_SETUP');
      if ([...this.#leaders.values()].some(({ arrived }) => arrived !== undefined)) continue;
      const wait = until - performance.now();
      if (wait <= 0) return [];
      await this.#woken(wait);
    }
  }

  async close(): Promise<void> {
    this.#cluster.close();
    this.#wake();
  }

  /** Resolves when something has happened, or after `ms`. */
  #woken(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Begins with what has arrived; from now on the next fetch of those leaders may be under way. */
  #deliverArrived(): void {
    for (const leader of this.#leaders.values()) {
      const { arrived } = leader;
      leader.arrived = undefined;
      if (arrived === undefined) continue;
      let last: Delivery | undefined;
      for (const part of arrived.partitions) {
        const assigned = this.#assigned.get(`${part.topic} ${part.partition}`);
        if (assigned === undefined || part.records.length === 0) continue;
        const batches = this.#batches(part);
        const end = batches[batches.length - 1]?.lastOffset;
        // An answer that ends before the place asked for is to another question, from before the leader moved.
        if (end === undefined || end < assigned.fetchPosition) continue;
        assigned.fetchPosition = end + 1;
        const counts = abortFilter(part.aborted);
        last = { assigned, memory: [], batches, counts, end: part.lastStableOffset, next: 0 };
        this.#deliveries.push(last);
      }
      if (last === undefined) this.#lent.push(...arrived.memory);
      else last.memory = arrived.memory;
    }
  }

  #batches({ topic, partition, records }: FetchedPartition): FetchedBatch[] {
    try {
      return batchesOf(records);
    } catch (error) {
      throw damaged(topic, partition, error);
    }
  }

  /** Decodes the next batches, up to what one `poll` may. */
  #decode(): FetchedRecords[] {
    if (this.#deliveries.length > 0) {
      // Only now, so that polls without anything leave alone what was delivered before them.
      for (const buffer of this.#lentBefore) this.#pool.give(buffer);
      this.#lentBefore = this.#lent;
      this.#lent = [];
    }
    const all: FetchedRecords[] = [];
    let bytes = 0;
    let count = 0;
    while (this.#deliveries.length > 0 && bytes < POLL_BYTES && count < POLL_RECORDS) {
      const [delivery] = this.#deliveries;
      if (delivery === undefined) break;
      const { assigned, batches, counts } = delivery;
      const { topic, partition } = assigned;
      const records: RawRecord[] = [];
      while (delivery.next < batches.length && bytes < POLL_BYTES && count + records.length < POLL_RECORDS) {
        const batch = batches[delivery.next++];
        if (batch === undefined) break;
        try {
          if (counts(batch)) bytes += decodeRecords(batch, assigned.position, records, this.#lend);
        } catch (error) {
          throw damaged(topic, partition, error);
        }
        assigned.position = batch.lastOffset + 1;
      }
      count += records.length;
      all.push({ topic, partition, records, next: assigned.position, end: delivery.end });
      if (delivery.next === batches.length) {
        this.#deliveries.shift();
        this.#lent.push(...delivery.memory);
      }
    }
    return all;
  }

  readonly #lend = (size: number): Buffer => {
    const buffer = this.#pool.take(size);
    this.#lent.push(buffer);
    return buffer.subarray(0, size);
  };

  /** Sees to it that each leader has a fetch under way, unless its last answer has not been begun. */
  #fetch(): void {
    const byLeader = new Map<number, Assigned[]>();
    // Kafka fills an answer in the order of the request: each partition is first in its turn.
    const list = [...this.#assigned.values()];
    const turn = this.#turn++ % Math.max(list.length, 1);
    for (const assigned of [...list.slice(turn), ...list.slice(0, turn)]) {
      const node = this.#cluster.leader(assigned.topic, assigned.partition) ?? -1;
      const group = byLeader.get(node);
      if (group) group.push(assigned);
      else byLeader.set(node, [assigned]);
    }
    for (const [node, group] of byLeader) {
      let leader = this.#leaders.get(node);
      if (leader === undefined) {
        leader = { busy: false, arrived: undefined };
        this.#leaders.set(node, leader);
      }
      if (!leader.busy && leader.arrived === undefined) void this.#fetchFrom(node, leader, group, byLeader.size);
    }
  }

  /** Never rejects. */
  async #fetchFrom(node: number, leader: Leader, group: readonly Assigned[], leaders: number): Promise<void> {
    leader.busy = true;
    const memory: Buffer[] = [];
    const allocate = (size: number): Buffer => {
      const buffer = this.#pool.take(size);
      memory.push(buffer);
      return buffer.subarray(0, size);
    };
    try {
      if (node < 0) throw new BrokerError(codes.LEADER_NOT_AVAILABLE, nameOf(group[0]));
      const connection = await this.#cluster.broker(node);
      const { maxBytes, maxPartitionBytes, maxWaitMs } = this.#options;
      const answer = await fetchOnce(
        connection,
        group.map(({ topic, partition, fetchPosition }) => ({ topic, partition, offset: fetchPosition })),
        { maxBytes: Math.ceil(maxBytes / leaders), maxPartitionBytes, maxWaitMs },
        allocate,
      );
      failIf(answer.error, 'a fetch');
      const partitions = answer.partitions.filter(({ error }) => error === codes.NONE);
      if (partitions.some(({ records }) => records.length > 0)) {
        leader.arrived = { memory, partitions };
        this.#wake();
      } else for (const buffer of memory) this.#pool.give(buffer);
      const bad = answer.partitions.find(({ error }) => error !== codes.NONE);
      if (bad !== undefined) await this.#partitionFailed(bad);
      else {
        this.#failingSince = undefined;
        this.#wait = FIRST_WAIT_MS;
      }
    } catch (error) {
      await this.#failed(error);
    } finally {
      leader.busy = false;
      this.#wake();
    }
  }

  async #partitionFailed({ topic, partition, error }: FetchedPartition): Promise<void> {
    const assigned = this.#assigned.get(`${topic} ${partition}`);
    if (error !== codes.OFFSET_OUT_OF_RANGE || assigned === undefined)
      throw new BrokerError(error, nameOf({ topic, partition }));
    const place = [{ topic, partition }];
    const [low = 0] = await offsetsAt(this.#cluster, place, EARLIEST, 'read_uncommitted');
    const [high = 0] = await offsetsAt(this.#cluster, place, LATEST, 'read_uncommitted');
    const { fetchPosition } = assigned;
    if (fetchPosition < low || fetchPosition > high)
      throw positionLost({ topic, partition, position: fetchPosition }, low, high);
    // Within what is there: asked of a leader that was not up to date.
    throw new BrokerError(codes.OFFSET_NOT_AVAILABLE, nameOf({ topic, partition }));
  }

  /** What passes is tried again after a while, for as long as a request may take; then, or for the rest, `poll` rejects. */
  async #failed(error: unknown): Promise<void> {
    if (this.#cluster.signal.aborted) return;
    const now = performance.now();
    this.#failingSince ??= now;
    if (!isPassing(error) || now - this.#failingSince > this.#cluster.requestTimeoutMs) {
      this.#failure ??= error;
      return;
    }
    if (this.#failingSince === now) this.#log.warn({ reason: (error as Error).message }, 'reading from Kafka again');
    await after(this.#wait, undefined, { signal: this.#cluster.signal }).catch(() => {});
    this.#wait = Math.min(MOST_WAIT_MS, this.#wait * 2);
    if (isStale(error)) {
      const topics = new Set(this.#options.assigned.map(({ topic }) => topic));
      // The next fetch tells whether it helped.
      await this.#cluster.refresh([...topics]).catch(() => {});
    }
  }
}

const nameOf = (p: { topic: string; partition: number } | undefined): string =>
  `partition ${p?.partition} of topic ${p?.topic}`;

function damaged(topic: string, partition: number, error: unknown): MillraceError {
  const what = `Cannot read ${nameOf({ topic, partition })}: ${(error as Error).message}`;
  return error instanceof SetupFailure
    ? new MillraceError('SINK_SETUP', `${what}.`, { cause: error })
    : new MillraceError('KAFKA_UNAVAILABLE', `${what}: the broker's disk or the network may have damaged it.`, {
        cause: error,
      });
}

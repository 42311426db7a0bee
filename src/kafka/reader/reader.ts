import { addAbortListener } from 'node:events';
import { setTimeout as after, setImmediate as immediate } from 'node:timers/promises';
import type { Log } from '../../api/component.ts';
import { MillraceError } from '../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { EARLIEST, LATEST, offsetsAt } from '../cluster/list-offsets.ts';
import { rejectStaleLeaders } from '../cluster/stale-leaders.ts';
import { BrokerError, codes, failIf, isPassing, isStale, millraceError } from '../failures.ts';
import type { FetchedRecords, Reader, ReaderOptions } from '../port.ts';
import { type Answer, type Assigned, Deliveries } from './fetch-buffer.ts';
import { type FetchedPartition, fetchOnce } from './fetch-request.ts';

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

interface Leader {
  busy: boolean;
  /** An answer that waits until those before it have been delivered. */
  arrived: Answer | undefined;
}

class LeaderReader implements Reader {
  readonly #cluster: Cluster;
  readonly #options: ReaderOptions;
  readonly #log: Log;
  readonly #leaders = new Map<number, Leader>();
  readonly #deliveries: Deliveries;
  #failure: unknown;
  #failingSince: number | undefined;
  #wait = FIRST_WAIT_MS;
  #turn = 0;
  #wake: () => void = () => {};

  constructor(cluster: Cluster, options: ReaderOptions, log: Log) {
    this.#cluster = cluster;
    this.#options = options;
    this.#log = log;
    this.#deliveries = new Deliveries(options.assigned, options.maxBytes, options.maxRecords);
    addAbortListener(cluster.signal, () => {
      this.#leaders.clear();
      this.#deliveries.close();
      this.#wake();
    });
  }

  async poll(): Promise<readonly FetchedRecords[]> {
    if (this.#cluster.signal.aborted) throw new MillraceError('KAFKA_UNAVAILABLE', 'This reader of Kafka is closed.');
    const until = performance.now() + this.#options.maxWaitMs;
    // Where much has arrived, polls follow each other without waiting: others have their turn in between.
    await immediate();
    while (!this.#cluster.signal.aborted) {
      const records = this.#next();
      if (records.length > 0) return records;
      if (this.#failure !== undefined) throw millraceError(this.#failure, 'read from Kafka', 'SINK_SETUP');
      if ([...this.#leaders.values()].some(({ arrived }) => arrived !== undefined)) continue;
      const wait = until - performance.now();
      if (wait <= 0) break;
      await this.#woken(wait);
    }
    return [];
  }

  async close(): Promise<void> {
    this.#cluster.close();
  }

  /** What is there, with the next fetches set going. A failure stays: behind it there must be no further records. */
  #next(): FetchedRecords[] {
    if (this.#failure !== undefined) return [];
    try {
      if (this.#deliveries.empty) this.#beginArrived();
      this.#fetch();
      return this.#deliveries.take();
    } catch (error) {
      this.#failure = error;
      return [];
    }
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
  #beginArrived(): void {
    for (const leader of this.#leaders.values()) {
      const { arrived } = leader;
      leader.arrived = undefined;
      if (arrived !== undefined) this.#deliveries.add(arrived);
    }
  }

  /** Sees to it that each leader has a fetch under way, unless its last answer has not been begun. */
  #fetch(): void {
    const byLeader = new Map<number, Assigned[]>();
    // Kafka fills an answer in the order of the request: each partition is first in its turn.
    const list = this.#deliveries.assigned;
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
    const { memory, allocate } = this.#deliveries.borrow();
    try {
      if (node < 0) throw new BrokerError(codes.LEADER_NOT_AVAILABLE, nameOf(group[0]));
      const connection = await this.#cluster.broker(node);
      const { maxBytes, maxPartitionBytes, minBytes = 1, fetchWaitMs = this.#options.maxWaitMs } = this.#options;
      const answer = await fetchOnce(
        connection,
        group.map(({ topic, topicId, partition, fetchPosition }) => ({
          topic,
          topicId,
          partition,
          offset: fetchPosition,
        })),
        { maxBytes: Math.ceil(maxBytes / leaders), maxPartitionBytes, minBytes, maxWaitMs: fetchWaitMs },
        allocate,
      );
      failIf(answer.error, 'a fetch');
      const partitions = answer.partitions.filter(({ error }) => error === codes.NONE);
      if (partitions.some(({ records }) => records.length > 0)) {
        leader.arrived = { memory, partitions };
        this.#wake();
      } else this.#deliveries.giveBack(memory);
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
    const assigned = this.#deliveries.find(topic, partition);
    if (error !== codes.OFFSET_OUT_OF_RANGE || assigned === undefined)
      throw new BrokerError(error, nameOf({ topic, partition }));
    const place = [{ topic, partition }];
    const [low = 0] = await offsetsAt(this.#cluster, place, EARLIEST, 'read_uncommitted');
    const [high = 0] = await offsetsAt(this.#cluster, place, LATEST, 'read_uncommitted');
    const { fetchPosition } = assigned;
    if (fetchPosition < low || fetchPosition > high) {
      await rejectStaleLeaders(this.#cluster, topic);
      throw positionLost({ topic, partition, position: fetchPosition }, low, high);
    }
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

import { addAbortListener } from 'node:events';
import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';
import type { Log } from '../../api/component.ts';
import { MillraceError } from '../../errors.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { EARLIEST, LATEST, listPartitionOffsets } from '../cluster/list-offsets.ts';
import { rejectStaleLeaders } from '../cluster/stale-leaders.ts';
import { BrokerError, codes, isRetriableError, isStaleMetadata, throwIfError, toMillraceError } from '../failures.ts';
import type { FetchedRecords, Reader, ReaderOptions } from '../port.ts';
import { FetchBuffer, type FetchResponse, type PartitionState } from './fetch-buffer.ts';
import { type FetchedPartition, fetchOnce } from './fetch-request.ts';

/** Backoff after a failed fetch, doubled each time. */
const FIRST_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 500;

/**
 * Opens a reader that fetches from the partitions' leaders. Owns `cluster` and closes it.
 */
export async function openReader(cluster: Cluster, options: ReaderOptions, log: Log): Promise<Reader> {
  try {
    const { assigned } = options;
    const lows = await listPartitionOffsets(cluster, assigned, EARLIEST, 'read_uncommitted');
    for (const [i, { topic, partition, offset }] of assigned.entries())
      if (offset < (lows[i] ?? 0)) {
        const [high = 0] = await listPartitionOffsets(cluster, [{ topic, partition }], LATEST, 'read_uncommitted');
        throw positionLost({ topic, partition, position: offset }, lows[i] ?? 0, high);
      }
    return new LeaderReader(cluster, options, log);
  } catch (error) {
    cluster.close();
    throw toMillraceError(error, 'read from Kafka', 'SINK_SETUP');
  }
}

function positionLost(
  { topic, partition, position }: { topic: string; partition: number; position: number },
  low: number,
  high: number,
): MillraceError {
  return new MillraceError(
    'SOURCE_POSITION_LOST',
    `Partition ${partition} of topic ${topic} no longer contains offset ${position}, but ${low} to ${high}. Records were deleted or the topic was recreated; set the offset to continue from.`,
  );
}

interface LeaderState {
  isFetching: boolean;
  /** Response to be delivered after the earlier ones. */
  response: FetchResponse | undefined;
}

class LeaderReader implements Reader {
  readonly #cluster: Cluster;
  readonly #options: ReaderOptions;
  readonly #log: Log;
  readonly #leaders = new Map<number, LeaderState>();
  readonly #buffer: FetchBuffer;
  #failure: unknown;
  #failingSince: number | undefined;
  #backoffMs = FIRST_BACKOFF_MS;
  #rotation = 0;
  #wake: () => void = () => {};

  constructor(cluster: Cluster, options: ReaderOptions, log: Log) {
    this.#cluster = cluster;
    this.#options = options;
    this.#log = log;
    this.#buffer = new FetchBuffer(options.assigned, options.maxBytes, options.maxRecords);
    addAbortListener(cluster.signal, () => {
      this.#leaders.clear();
      this.#buffer.close();
      this.#wake();
    });
  }

  async poll(): Promise<readonly FetchedRecords[]> {
    if (this.#cluster.signal.aborted) throw new MillraceError('KAFKA_UNAVAILABLE', 'This Kafka reader is closed.');
    const until = performance.now() + this.#options.maxWaitMs;
    // Yields to the event loop, as polls do not wait while records are buffered.
    await immediate();
    while (!this.#cluster.signal.aborted) {
      const records = this.#takeRecords();
      if (records.length > 0) return records;
      if (this.#failure !== undefined) throw toMillraceError(this.#failure, 'read from Kafka', 'SINK_SETUP');
      if ([...this.#leaders.values()].some(({ response }) => response !== undefined)) continue;
      const wait = until - performance.now();
      if (wait <= 0) break;
      await this.#waitForEvent(wait);
    }
    return [];
  }

  async close(): Promise<void> {
    this.#cluster.close();
  }

  /** Starts the next fetches and returns buffered records. After a failure it returns none: there would be a gap. */
  #takeRecords(): FetchedRecords[] {
    if (this.#failure !== undefined) return [];
    try {
      if (this.#buffer.isEmpty) this.#bufferResponses();
      this.#startFetches();
      return this.#buffer.takeRecords();
    } catch (error) {
      this.#failure = error;
      return [];
    }
  }

  /** Resolves after a response, a failure or `ms` milliseconds. */
  #waitForEvent(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Moves the responses to the buffer, so that the next fetches from those leaders can start. */
  #bufferResponses(): void {
    for (const leader of this.#leaders.values()) {
      const { response } = leader;
      leader.response = undefined;
      if (response !== undefined) this.#buffer.add(response);
    }
  }

  /** Starts a fetch from each leader that has none in flight and no undelivered response. */
  #startFetches(): void {
    const byLeader = new Map<number, PartitionState[]>();
    // Kafka fills a response in the order of the request: the first partition rotates.
    const list = this.#buffer.partitions;
    const rotation = this.#rotation++ % Math.max(list.length, 1);
    for (const assigned of [...list.slice(rotation), ...list.slice(0, rotation)]) {
      const node = this.#cluster.leader(assigned.topic, assigned.partition) ?? -1;
      const group = byLeader.get(node);
      if (group) group.push(assigned);
      else byLeader.set(node, [assigned]);
    }
    for (const [node, group] of byLeader) {
      let leader = this.#leaders.get(node);
      if (leader === undefined) {
        leader = { isFetching: false, response: undefined };
        this.#leaders.set(node, leader);
      }
      if (!leader.isFetching && leader.response === undefined) void this.#fetchFrom(node, leader, group, byLeader.size);
    }
  }

  /** Never rejects. */
  async #fetchFrom(
    node: number,
    leader: LeaderState,
    group: readonly PartitionState[],
    leaders: number,
  ): Promise<void> {
    leader.isFetching = true;
    const { memory, allocate } = this.#buffer.borrowMemory();
    try {
      if (node < 0) throw new BrokerError(codes.LEADER_NOT_AVAILABLE, partitionLabel(group[0]));
      const connection = await this.#cluster.broker(node);
      const { maxBytes, maxPartitionBytes, minBytes = 1, fetchWaitMs = this.#options.maxWaitMs } = this.#options;
      const response = await fetchOnce(
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
      throwIfError(response.error, 'a fetch');
      const partitions = response.partitions.filter(({ error }) => error === codes.NONE);
      if (partitions.some(({ records }) => records.length > 0)) {
        leader.response = { memory, partitions };
        this.#wake();
      } else this.#buffer.returnMemory(memory);
      const failedPartition = response.partitions.find(({ error }) => error !== codes.NONE);
      if (failedPartition !== undefined) await this.#handlePartitionError(failedPartition);
      else {
        this.#failingSince = undefined;
        this.#backoffMs = FIRST_BACKOFF_MS;
      }
    } catch (error) {
      await this.#handleError(error);
    } finally {
      leader.isFetching = false;
      this.#wake();
    }
  }

  async #handlePartitionError({ topic, partition, error }: FetchedPartition): Promise<void> {
    const assigned = this.#buffer.find(topic, partition);
    if (error !== codes.OFFSET_OUT_OF_RANGE || assigned === undefined)
      throw new BrokerError(error, partitionLabel({ topic, partition }));
    const partitions = [{ topic, partition }];
    const [low = 0] = await listPartitionOffsets(this.#cluster, partitions, EARLIEST, 'read_uncommitted');
    const [high = 0] = await listPartitionOffsets(this.#cluster, partitions, LATEST, 'read_uncommitted');
    const { fetchPosition } = assigned;
    if (fetchPosition < low || fetchPosition > high) {
      await rejectStaleLeaders(this.#cluster, topic);
      throw positionLost({ topic, partition, position: fetchPosition }, low, high);
    }
    // The offset exists: the response came from a leader that was not up to date.
    throw new BrokerError(codes.OFFSET_NOT_AVAILABLE, partitionLabel({ topic, partition }));
  }

  /** Retries with backoff until the request timeout has passed; then, or if the error is not retriable, `poll` rejects. */
  async #handleError(error: unknown): Promise<void> {
    if (this.#cluster.signal.aborted) return;
    const now = performance.now();
    this.#failingSince ??= now;
    if (!isRetriableError(error) || now - this.#failingSince > this.#cluster.requestTimeoutMs) {
      this.#failure ??= error;
      return;
    }
    if (this.#failingSince === now)
      this.#log.warn({ reason: (error as Error).message }, 'a fetch from Kafka failed and is retried');
    await delay(this.#backoffMs, undefined, { signal: this.#cluster.signal }).catch(() => {});
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2);
    if (isStaleMetadata(error)) {
      const topics = new Set(this.#options.assigned.map(({ topic }) => topic));
      // The next fetch fails if the metadata is still stale.
      await this.#cluster.refreshMetadata([...topics]).catch(() => {});
    }
  }
}

const partitionLabel = (p: { topic: string; partition: number } | undefined): string =>
  `partition ${p?.partition} of topic ${p?.topic}`;

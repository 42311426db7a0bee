import { setTimeout as delay } from 'node:timers/promises';
import { type Lsn, lsnOf } from '../../connectors/postgresql/position/lsn.ts';
import { messageOf } from '../../src/errors.ts';
import { isRetriableError } from '../../src/kafka/failures.ts';
import type { TestDatabase } from '../support/database.ts';
import { CommitLog } from './commit-log.ts';
import { Decisions, type PartitionEnd } from './decisions.ts';
import { isServerLost } from './load.ts';

const SAMPLE_EVERY_MS = 200;

/** Tables of the load that the slot is compared with. */
export const tables = ['events', 'orders'] as const;
export type Table = (typeof tables)[number];

/** A connector's slot and its topics. */
export interface WatchedSlot {
  readonly source: TestDatabase;
  readonly slot: string;
  readonly kafka: { readonly address: string };
  topic(table: Table): string;
}

/** The confirmed position of the slot, and the state of the topics read after it. */
export interface SlotSample {
  /** Milliseconds since 1970, before the slot was read. */
  readonly time: number;
  /** Milliseconds until Kafka had answered. */
  readonly tookMs: number;
  readonly confirmed: Lsn;
  readonly ends: Readonly<Record<Table, PartitionEnd>>;
}

/** Samples a slot during faults. */
export class SlotWatch implements AsyncDisposable {
  readonly samples: SlotSample[] = [];
  /** Number of failed samples, by reason. */
  readonly failures = new Map<string, number>();
  /** All changes since the watch was opened. */
  readonly log: CommitLog;
  readonly #watched: WatchedSlot;
  readonly #decisions: Decisions;
  readonly #stop = new AbortController();
  #sampling = Promise.resolve();

  private constructor(watched: WatchedSlot, log: CommitLog) {
    this.#watched = watched;
    this.log = log;
    this.#decisions = new Decisions(
      watched.kafka.address,
      tables.map(table => watched.topic(table)),
    );
  }

  /** Opens a watch; call it before the load begins. */
  static async open(watched: WatchedSlot): Promise<SlotWatch> {
    return new SlotWatch(watched, await CommitLog.open(watched.source, `${watched.slot}_watch`, tables));
  }

  /** Opens a watch and samples until `stop` is called. */
  static async start(watched: WatchedSlot): Promise<SlotWatch> {
    const watch = await SlotWatch.open(watched);
    watch.#sampling = watch.#sampleUntilStopped();
    // The error is rethrown by `stop`.
    watch.#sampling.catch(() => undefined);
    return watch;
  }

  /** Takes one sample. Returns undefined while there is no slot or a server is down. */
  async sample(): Promise<SlotSample | undefined> {
    const time = Date.now();
    const confirmed = await this.#unless(isServerLost, this.#confirmed());
    if (confirmed === undefined) return undefined;
    const ends = await this.#unless(isRetriableError, this.#decisions.read());
    if (ends === undefined) return undefined;
    const byTable = Object.fromEntries(tables.map((table, i) => [table, ends[i]])) as SlotSample['ends'];
    const sample = { time, tookMs: Date.now() - time, confirmed, ends: byTable };
    this.samples.push(sample);
    return sample;
  }

  /** Idempotent. Rejects if sampling failed for a reason other than a server that is down. */
  async stop(): Promise<void> {
    this.#stop.abort();
    try {
      await this.#sampling;
    } finally {
      this.#decisions.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #sampleUntilStopped(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.sample();
      await delay(SAMPLE_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #confirmed(): Promise<Lsn | undefined> {
    const [slot] = await this.#watched.source.query<{ confirmed: string | null }>(
      `SELECT (confirmed_flush_lsn - '0/0')::text AS confirmed FROM pg_replication_slots WHERE slot_name = $1`,
      [this.#watched.slot],
    );
    return slot?.confirmed ? lsnOf(Number(slot.confirmed)) : undefined;
  }

  /** Resolves with undefined, and counts the reason, if the promise rejects with an expected error. */
  #unless<T>(isExpected: (error: unknown) => boolean, promise: Promise<T>): Promise<T | undefined> {
    return promise.catch((error: unknown) => {
      if (!isExpected(error)) throw error;
      const reason = messageOf(error);
      this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
      return undefined;
    });
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from './database.ts';
import { type PacedWriter, writePaced } from './paced.ts';

/** Milliseconds from the acknowledged commit to the arrival. */
export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface PacedResult extends Latency {
  readonly records: number;
  /** Committed transactions per second. */
  readonly written: number;
  /** Transactions that started more than 100 ms late, because the machine was too slow. */
  readonly lateWrites: number;
}

/** Excluded warm-up at the start: seconds, and at most this share of all. */
const WARM_UP_SECONDS = 5;
const WARM_UP_SHARE = 0.1;
/** Timeout of the last rows, milliseconds. */
const PATIENCE = 60_000;

export interface Arrivals extends AsyncDisposable {
  /** performance.now() by id, for every arrived id. */
  readonly at: ReadonlyMap<number, number>;
  /** Rejects when watching fails. */
  readonly ended: Promise<void>;
}

/** Writes `perSecond` one-row transactions for `seconds`, and measures the time from commit to arrival. */
export async function measureLatency(
  database: Database,
  { perSecond, seconds }: { perSecond: number; seconds: number },
  arrivals: Arrivals,
): Promise<PacedResult> {
  const records = perSecond * seconds;
  const began = performance.now();
  const writer = await writePaced(database, perSecond, records);
  await Promise.race([writer.done, arrivals.ended]);
  const rate = records / ((performance.now() - began) / 1000);
  await allArrived(writer, records, arrivals);
  const skipped = Math.min(records * WARM_UP_SHARE, perSecond * WARM_UP_SECONDS);
  const measured = latencies(writer, arrivals, records).slice(skipped);
  return { records, written: Math.round(rate), lateWrites: writer.late, ...quantiles(measured) };
}

/** Resolves when the writer's first `rows` rows have arrived. */
export async function allArrived(writer: PacedWriter, rows: number, arrivals: Arrivals): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (arrivals.at.size < rows) {
    if (performance.now() > deadline)
      throw new Error(`${rows - arrivals.at.size} of ${rows} rows, from id ${writer.firstId} on, did not arrive`);
    await Promise.race([delay(50), arrivals.ended]);
  }
}

function latencies(writer: PacedWriter, arrivals: Arrivals, rows: number): number[] {
  return Array.from({ length: rows }, (_, place) => {
    const arrived = arrivals.at.get(writer.firstId + place);
    const committed = writer.committedAt[place];
    if (arrived === undefined || committed === undefined) throw new Error(`row ${place} did not arrive`);
    return arrived - committed;
  });
}

export function quantiles(milliseconds: readonly number[]): Latency {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return Math.round(value * 10) / 10;
  };
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
}

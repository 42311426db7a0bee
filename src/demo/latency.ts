import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Shop } from './shop.ts';

/** Milliseconds from the commit in the shop until the row is visible in the warehouse. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly samples: number;
}

export interface LatencyProbe {
  /** Latency of the samples since the last call. */
  takeRecent(): Latency;
  /** Latency of all samples. */
  total(): Latency;
  stop(): Promise<void>;
}

const POLL_INTERVAL_MS = 10;

/** Polls the warehouse for new change numbers. */
export function watchLatency(url: string, shop: Shop): LatencyProbe {
  const stopping = new AbortController();
  let recent: number[] = [];
  const all: number[] = [];

  async function watch(): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    let last = 0;
    let indexed = false;
    try {
      while (!stopping.signal.aborted) {
        const { rows } = await client
          .query<{ change: string }>({
            name: 'new-changes',
            // Overlaps by 100, because transactions of several writers do not arrive in the order of their numbers.
            text: 'select change from orders where change > $1 order by change limit 5000',
            values: [last - 100],
          })
          .catch((error: unknown) => {
            if (error instanceof Error && 'code' in error && error.code === '42P01') return { rows: [] };
            throw error;
          });
        const now = performance.now();
        if (!indexed && rows.length > 0) {
          await client.query('create index on orders(change)');
          indexed = true;
        }
        for (const row of rows) {
          const change = Number(row.change);
          const committed = shop.committedAt.get(change);
          last = Math.max(last, change);
          if (committed === undefined) continue;
          shop.confirm(change);
          recent.push(now - committed);
          all.push(now - committed);
        }
        await delay(POLL_INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => {});
      }
    } finally {
      await client.end();
    }
  }

  const ended = watch();
  ended.catch(() => {});
  return {
    takeRecent() {
      const latency = summary(recent);
      recent = [];
      return latency;
    },
    total: () => summary(all),
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

function summary(samples: readonly number[]): Latency {
  const sorted = samples.toSorted((a, b) => a - b);
  const percentile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: percentile(0.5), p99: percentile(0.99), samples: sorted.length };
}

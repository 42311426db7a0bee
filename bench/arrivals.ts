import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaClient } from '../src/kafka/port.ts';
import type { Database } from './database.ts';
import type { Arrivals } from './latency.ts';
import { pacedIds } from './sql.ts';
import { endOf } from './topics.ts';

/** Milliseconds between two queries of a table. */
const EVERY = 2;

/** Watches a topic for paced rows, and records when each was first readable as committed. */
export async function arrivalsInTopic(kafka: KafkaClient, topic: string): Promise<Arrivals & { doubled(): number }> {
  const at = new Map<number, number>();
  let doubled = 0;
  const assigned = [{ topic, partition: 0, offset: await endOf(kafka, topic) }];
  const reader = await kafka.reader({ assigned, maxBytes: 4 << 20, maxPartitionBytes: 4 << 20, maxWaitMs: 100 });
  let stopped = false;
  const ended = (async () => {
    while (!stopped) {
      const parts = await reader.poll();
      const now = performance.now();
      for (const { records } of parts) {
        for (const { key } of records) {
          const id = lastNumberIn(key);
          if (id < pacedIds) continue;
          if (at.has(id)) doubled++;
          else at.set(id, now);
        }
      }
    }
  })();
  ended.catch(() => undefined);
  return {
    at,
    ended,
    doubled: () => doubled,
    async [Symbol.asyncDispose]() {
      stopped = true;
      await reader.close();
    },
  };
}

/** The key is {"id":N}, or has it as its payload. */
function lastNumberIn(key: Buffer | null): number {
  return Number(/(\d+)\D*$/.exec(key?.toString('latin1') ?? '')?.[1] ?? 0);
}

/** Watches the copy of the table for paced rows, and records when each was first visible. */
export async function arrivalsInCopy(database: Database): Promise<Arrivals> {
  const at = new Map<number, number>();
  const client = await database.client();
  const { last } = await database.one<{ last: string }>(`select greatest(max(id), ${pacedIds}) last from orders_copy`);
  // All rows up to this id have arrived; later ids may have gaps, which are queried again.
  let low = Number(last);
  let stopped = false;
  const ended = (async () => {
    try {
      while (!stopped) {
        const text = 'select id from orders_copy where id > $1 order by id';
        const { rows } = await client.query<{ id: string }>({ name: 'arrivals', text, values: [low] });
        const now = performance.now();
        for (const row of rows) {
          const id = Number(row.id);
          if (!at.has(id)) at.set(id, now);
        }
        while (at.has(low + 1)) low++;
        await delay(EVERY);
      }
    } finally {
      await client.end();
    }
  })();
  ended.catch(() => undefined);
  return {
    at,
    ended,
    async [Symbol.asyncDispose]() {
      stopped = true;
      await ended.catch(() => undefined);
    },
  };
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from './database.ts';
import { insertPaced, pacedIds } from './sql.ts';

const writers = 8;

/** Inserts rows one at a time, each its own transaction, at a steady pace. */
export interface PacedWriter {
  /** The first row's id; the following rows' go on from there. */
  readonly firstId: number;
  /** performance.now() when the commit of each row was acknowledged, by its place. */
  readonly committedAt: readonly (number | undefined)[];
  /** Resolves when all are written, or after `stop` those that were begun. */
  readonly done: Promise<void>;
  /** How many rows were due more than 100 ms before they could be written. */
  readonly late: number;
  stop(): void;
}

/** rows: undefined goes on until it is stopped. */
export async function writePaced(database: Database, perSecond: number, rows = Infinity): Promise<PacedWriter> {
  const { last } = await database.one<{ last: string }>(`select greatest(max(id), ${pacedIds}) last from orders`);
  const firstId = Number(last) + 1;
  const committedAt: (number | undefined)[] = [];
  const clients = await Promise.all(Array.from({ length: writers }, () => database.client()));
  const start = performance.now() + 200;
  let next = 0;
  let late = 0;
  let stopped = false;
  const done = Promise.all(
    clients.map(async client => {
      try {
        for (;;) {
          const place = next++;
          if (stopped || place >= rows) return;
          const wait = start + (place * 1000) / perSecond - performance.now();
          if (wait > 0) await delay(wait);
          else if (wait < -100) late++;
          const note = `paced ${place} ${'x'.repeat(85)}`;
          await client.query({ name: 'paced', text: insertPaced, values: [firstId + place, place % 50_000, note] });
          committedAt[place] = performance.now();
        }
      } finally {
        await client.end();
      }
    }),
  ).then(() => undefined);
  // Whoever waits for it hears of it.
  done.catch(() => undefined);
  return {
    firstId,
    committedAt,
    done,
    get late() {
      return late;
    },
    stop() {
      stopped = true;
    },
  };
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from './database.ts';
import { insertPaced, pacedIds } from './sql.ts';

const writers = 8;

/** Inserts single rows at a steady pace, each in its own transaction. */
export interface PacedWriter {
  /** Id of the first row; the others follow consecutively. */
  readonly firstId: number;
  /** performance.now() of the acknowledged commit of each row, by index. */
  readonly committedAt: readonly (number | undefined)[];
  /** Resolves when all rows are written, or after `stop` when the started ones are. */
  readonly done: Promise<void>;
  /** Number of rows that were written more than 100 ms late. */
  readonly late: number;
  stop(): void;
}

/** rows: undefined for rows until it is stopped. */
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
  // The error is rethrown to the caller that awaits the result.
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

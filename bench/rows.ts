import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from './database.ts';
import type { DrainTimes } from './drain.ts';
import type { Meter } from './measure.ts';
import { pacedIds } from './sql.ts';

/** Milliseconds: between queries of the table, between queries of the connector, and until it counts as stuck. */
const EVERY = 20;
const CONNECTOR_EVERY = 2000;
const PATIENCE = 900_000;

export interface RowOptions {
  /** The last row. */
  readonly id: number;
  /** Rows with ids between this one and those of paced rows are new: the first of them marks the start. */
  readonly after: number;
  readonly meter: Meter;
  /** Rejects when no more rows can arrive. */
  check(): Promise<unknown>;
}

/** Resolves when the last row is in the copy. With one partition and one task, all earlier rows are there by then. */
export async function waitForRow(database: Database, { id, after, meter, check }: RowOptions): Promise<DrainTimes> {
  const began = performance.now();
  let checkedAt = began;
  let firstAt: number | undefined;
  const client = await database.client();
  const exists = async (name: string, condition: string, values: number[]): Promise<boolean> => {
    const text = `select from orders_copy where ${condition} limit 1`;
    return ((await client.query({ name, text, values })).rowCount ?? 0) > 0;
  };
  try {
    for (;;) {
      if (firstAt === undefined && (await exists('first', `id > $1 and id < ${pacedIds}`, [after])))
        firstAt = performance.now();
      if (await exists('last', 'id = $1', [id])) return { firstAt: firstAt ?? began, last: meter.sample() };
      const now = performance.now();
      if (now - began > PATIENCE) throw new Error(`row ${id} did not arrive within ${PATIENCE / 1000} s`);
      if (now - checkedAt > CONNECTOR_EVERY) {
        checkedAt = now;
        await check();
      }
      await delay(EVERY);
    }
  } finally {
    await client.end();
  }
}

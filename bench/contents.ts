import type { KafkaClient } from '../src/kafka/port.ts';
import { type Checksum, type OrderRow, rowHash } from './checksum.ts';
import type { Database } from './database.ts';
import { changesOf } from './sql.ts';
import { readTopic } from './topics.ts';

interface ChangeEvent {
  readonly op: 'c' | 'u' | 'd' | 'r';
  readonly before: OrderRow | null;
  readonly after: OrderRow | null;
  readonly source: { readonly lsn: number | string };
}

/** Number of records in a topic, and of duplicates. */
export interface Count {
  readonly records: number;
  readonly doubled: number;
}

/** Checks that every row of the table is there once, unchanged. */
export async function checkSnapshot(kafka: KafkaClient, topic: string, database: Database): Promise<Count> {
  const rows = new Map<number, number>();
  let records = 0;
  await readTopic(kafka, topic, 0, ({ value }) => {
    const { op, after } = eventOf(value);
    if (op !== 'r' || after === null) throw new Error(`a snapshot has a record with op ${op}`);
    records++;
    rows.set(after.id, rowHash(after));
  });
  same('the table', checksum(rows.values()), await database.checksum('orders'));
  return { records, doubled: records - rows.size };
}

/**
 * Checks that each change of the generated transactions is there once, in an order that gives the final rows. since: an
 * SQL timestamp between earlier changes and these.
 */
export async function checkChanges(
  kafka: KafkaClient,
  { topic, from, changes, since }: { topic: string; from: number; changes: number; since: string },
  database: Database,
): Promise<Count> {
  const rows = new Map<number, number | null>();
  const keysRead = new Set<string>();
  const ops = { c: 0, u: 0, d: 0, r: 0 };
  let records = 0;
  await readTopic(kafka, topic, from, ({ value }) => {
    const { op, before, after, source } = eventOf(value);
    const row = after ?? before;
    if (row === null) throw new Error(`a change with neither before nor after, op ${op}`);
    records++;
    const change = `${source.lsn} ${op} ${row.id}`;
    if (keysRead.has(change)) return;
    keysRead.add(change);
    ops[op]++;
    rows.set(row.id, after === null ? null : rowHash(after));
  });
  const { insert, update, delete: deleted, all } = changesOf;
  const share = changes / all;
  const expected = { c: insert * share, u: update * share, d: deleted * share, r: 0 };
  if (JSON.stringify(ops) !== JSON.stringify(expected))
    throw new Error(`changes by op are ${JSON.stringify(ops)}, expected ${JSON.stringify(expected)}`);
  const left = [...rows.values()].filter(hash => hash !== null);
  same('the changed rows', checksum(left), await database.checksum('orders', `updated_at >= '${since}'`));
  return { records, doubled: records - keysRead.size };
}

export function same(what: string, is: Checksum, expected: Checksum): void {
  if (is.rows === expected.rows && is.sum === expected.sum) return;
  const say = ({ rows, sum }: Checksum) => `${rows} rows with checksum ${sum}`;
  throw new Error(`the contents are wrong: ${what} has ${say(expected)}, but ${say(is)} arrived`);
}

export function checksum(hashes: Iterable<number>): Checksum {
  let rows = 0;
  let sum = 0;
  for (const hash of hashes) {
    rows++;
    sum += hash;
  }
  return { rows, sum };
}

function eventOf(value: Buffer | null): ChangeEvent {
  if (value === null) throw new Error('unexpected tombstone');
  return JSON.parse(value.toString()) as ChangeEvent;
}

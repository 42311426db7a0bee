import { expect } from 'vitest';
import { kafkaClient } from '../../src/kafka/client.ts';
import { silent } from '../../src/observability/silent.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import type { Rig } from './rig.ts';

/** One change as it stands in a topic. */
interface Change {
  readonly offset: number;
  readonly key: string;
  readonly op: string;
  readonly lsn: number;
  /** The end of the log's last commit before the one that the change is of. */
  readonly commitBefore: number;
  readonly after: Record<string, unknown> | null;
}

const columns = {
  orders: 'id, version, status, amount::numeric(12,2), note, changed_at::timestamptz',
  events: 'id, order_id, kind',
} as const;
type Table = keyof typeof columns;

async function rows(database: TestDatabase, table: Table): Promise<Map<string, string>> {
  const found = await database.query<{ id: string; row: string }>(
    `select id::text, row(${columns[table]})::text as row from ${table}`,
  );
  return new Map(found.map(({ id, row }) => [id, row]));
}

/** Waits until the target holds as many events as the source, then compares everything there is. */
export async function verify(rig: Rig, samples: readonly SlotSample[] = []): Promise<void> {
  const [{ count } = { count: '0' }] = await rig.source.query<{ count: string }>('select count(*) from events');
  await eventually('all events arrived', async () => (await rig.arrived()) >= Number(count), {
    within: 120_000,
    every: 250,
  });
  for (const table of ['events', 'orders'] as const) {
    const truth = await rows(rig.source, table);
    await eventually(
      `${table} are the same at both ends`,
      async () => differences(truth, await rows(rig.target, table)).length === 0,
      { within: 30_000, every: 500 },
    ).catch(async (error: unknown) => {
      expect(differences(truth, await rows(rig.target, table)), String(error)).toEqual([]);
    });
  }
  const events = await changes(rig, rig.topic('events'));
  // Once in the topic, by snapshot or by stream: not at all would have been missed in the target, twice would not.
  expect(events.length).toBe(Number(count));
  expect(new Set(events.map(event => event.key)).size).toBe(Number(count));
  const orders = await changes(rig, rig.topic('orders'));
  inOrder(orders);
  for (const [topic, list] of [
    [rig.topic('events'), events],
    [rig.topic('orders'), orders],
  ] as const)
    neverBehind(
      samples,
      topic,
      list.filter(change => change.op !== 'r'),
    );
}

/** The slot gives again what commits behind it, wherever in the log that began; all before it must be in the topic. */
function neverBehind(samples: readonly SlotSample[], topic: string, list: readonly Change[]): void {
  // Of each change and all after it, the one whose commit follows on the earliest other.
  const earliest = [...list];
  for (let i = list.length - 2; i >= 0; i--) {
    const [one, next] = [earliest[i] as Change, earliest[i + 1] as Change];
    if (next.commitBefore < one.commitBefore) earliest[i] = next;
  }
  const behind = samples.flatMap(({ confirmed, ends }) => {
    const end = ends.get(topic) ?? 0;
    const change = earliest[firstAt(list, end)];
    return change !== undefined && change.commitBefore < confirmed ? [{ confirmed, end, change }] : [];
  });
  expect(behind, `the slot was behind changes that were not in ${topic}`).toEqual([]);
}

/** The index of the first at an offset or behind it. */
function firstAt(list: readonly Change[], offset: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as Change).offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function differences(truth: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  const wrong: string[] = [];
  for (const [id, row] of truth)
    if (found.get(id) !== row) wrong.push(`${id}: ${row} is ${found.get(id) ?? 'missing'}`);
  for (const id of found.keys()) if (!truth.has(id)) wrong.push(`${id}: not at the source`);
  return wrong.slice(0, 10);
}

/** For each key the database's own order, nothing twice; a row of the snapshot never behind a change. */
function inOrder(list: readonly Change[]): void {
  const last = new Map<string, Change>();
  for (const change of list) {
    const before = last.get(change.key);
    if (before !== undefined) {
      expect(change.op, `a snapshot row of ${change.key} at ${change.offset} after ${before.offset}`).not.toBe('r');
      if (before.op !== 'r')
        expect(change.lsn, `${change.key} at ${change.offset} goes back`).toBeGreaterThan(before.lsn);
      const versions = [before.after?.['version'], change.after?.['version']];
      if (change.op === 'u') expect(versions[1], `versions of ${change.key}`).toBe(Number(versions[0]) + 1);
    }
    last.set(change.key, change);
  }
}

/** All committed data records of partition 0, tombstones left out. */
async function changes(rig: Rig, topic: string): Promise<Change[]> {
  const kafka = kafkaClient({ brokers: [rig.kafka.address], clientId: 'verify' }, silent);
  const [{ low, end } = { low: 0, end: 0 }] = await kafka.admin.offsets([{ topic, partition: 0 }]);
  const reader = await kafka.reader({
    assigned: [{ topic, partition: 0, offset: low }],
    maxBytes: 4 << 20,
    maxPartitionBytes: 4 << 20,
    maxWaitMs: 200,
  });
  const found: Change[] = [];
  for (let next = low; next < end; )
    for (const part of await reader.poll()) {
      next = part.next;
      for (const { offset, key, value } of part.records) {
        if (key === null || value === null) continue;
        const { payload } = JSON.parse(value.toString());
        found.push({
          offset,
          key: JSON.stringify(JSON.parse(key.toString()).payload),
          op: payload.op,
          lsn: payload.source.lsn,
          commitBefore: Number(JSON.parse(payload.source.sequence ?? '[0]')[0]),
          after: payload.after,
        });
      }
    }
  await kafka.close();
  return found;
}

/** Where the slot was, and, read afterwards, how much Kafka had committed. */
export interface SlotSample {
  readonly confirmed: number;
  readonly ends: ReadonlyMap<string, number>;
}

/** Watches the slot while things go wrong; `stop` answers what was seen. */
export function watchSlot(rig: Rig): { stop(): Promise<SlotSample[]> } {
  const samples: SlotSample[] = [];
  let stopped = false;
  const kafka = kafkaClient({ brokers: [rig.kafka.address], clientId: 'watch' }, silent);
  const topics = ['events', 'orders'].map(table => ({ topic: rig.topic(table), partition: 0 }));
  const watching = (async () => {
    while (!stopped) {
      try {
        const [slot] = await rig.source.query<{ confirmed: string | null }>(
          `select (confirmed_flush_lsn - '0/0')::text as confirmed from pg_replication_slots where slot_name = $1`,
          [rig.slot],
        );
        const ends = slot?.confirmed ? await kafka.admin.offsets(topics) : [];
        if (slot?.confirmed)
          samples.push({
            confirmed: Number(slot.confirmed),
            ends: new Map(ends.map(({ topic, end }) => [topic, end])),
          });
      } catch {
        // A server is down just now: that is what these tests are for.
      }
      await new Promise(resolve => setTimeout(resolve, 200));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await watching;
      await kafka.close();
      return samples;
    },
  };
}

import { expect } from 'vitest';
import { messageOf } from '../../src/errors.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type Change, changes } from './changes.ts';
import type { SteadyLoad } from './load.ts';
import { checkSlot } from './slot-check.ts';
import type { SlotWatch, Table } from './slot-watch.ts';
import { connectors, type TestCluster, type TestKafka } from './test-cluster.ts';
import { verifyTyped } from './typed-table.ts';

const columns = {
  orders: 'id, version, status, amount::numeric(12,2), note, changed_at::timestamptz',
  events: 'id, order_id, kind',
} as const satisfies Record<Table, string>;

async function rows(database: TestDatabase, table: Table): Promise<Map<string, string>> {
  const rowTexts = await database.query<{ id: string; row: string }>(
    `select id::text, row(${columns[table]})::text as row from ${table}`,
  );
  return new Map(rowTexts.map(({ id, row }) => [id, row]));
}

/** Waits until every task runs and the current events have arrived. Returns their number. */
export async function awaitProgress(cluster: TestCluster<TestKafka>): Promise<number> {
  for (const role of connectors)
    await cluster.request(async () => expect((await cluster.status(role)).tasks[0]?.state).toBe('RUNNING'));
  const count = await eventCount(cluster);
  await eventually(`${count} events arrive`, async () => (await cluster.targetEvents()) >= count, {
    within: 300_000,
    every: 1000,
  });
  return count;
}

/** Number of rows of the source's `events`. */
async function eventCount({ source }: TestCluster<TestKafka>): Promise<number> {
  const [row] = await source.query<{ count: string }>('select count(*) from events');
  return Number(row?.count ?? 0);
}

/**
 * Runs `act` under load, then verifies. Explains a failure while the servers still run. Returns the number of events.
 */
export async function verifyAfter(act: () => Promise<void>, { cluster, load, slot, log }: Campaign): Promise<number> {
  try {
    await Promise.race([act(), load.failure]);
  } catch (error) {
    log(messageOf(error));
    await load.stop().catch(() => undefined);
    await explain(cluster, slot);
    throw error;
  }
  await load.stop();
  return verify(cluster, slot);
}

export interface Campaign {
  readonly cluster: TestCluster<TestKafka>;
  readonly load: SteadyLoad;
  readonly slot: SlotWatch;
  readonly log: (line: string) => void;
}

/**
 * Waits until the target has as many events as the source, then compares all data. watch: stopped when all events have
 * arrived, because a source may stream only after the load. Returns the number of events.
 */
export async function verify(cluster: TestCluster<TestKafka>, watch?: SlotWatch): Promise<number> {
  const count = await eventCount(cluster);
  await eventually('all events arrived', async () => (await cluster.targetEvents()) >= count, {
    within: 120_000,
    every: 250,
  }).catch(async (error: unknown) => {
    if (watch !== undefined) await explain(cluster, watch);
    throw error;
  });
  await watch?.stop();
  const topics = await readTopics(cluster);
  const { events, orders } = topics;
  if (watch !== undefined) await checkSlotOf(cluster, watch, topics);
  for (const table of ['events', 'orders'] as const) {
    const expected = await rows(cluster.source, table);
    await eventually(
      `${table} are equal in both databases`,
      async () => differences(expected, await rows(cluster.target, table)).length === 0,
      { within: 30_000, every: 500 },
    ).catch(async (error: unknown) => {
      expect(differences(expected, await rows(cluster.target, table)), String(error)).toEqual([]);
    });
  }
  await verifyTyped(cluster.source, cluster.target);
  expectOrder(await changes(cluster.kafka.address, cluster.topic('typed')));
  // Each event once in the topic, by snapshot or stream: comparing the target would find a lost event but not a
  // duplicate.
  expect(events.length).toBe(count);
  expect(new Set(events.map(({ id }) => id)).size).toBe(count);
  expectOrder(orders);
  return count;
}

type Topics = Readonly<Record<Table, readonly Change[]>>;

async function readTopics(cluster: TestCluster<TestKafka>): Promise<Topics> {
  const [events, orders] = await Promise.all([
    changes(cluster.kafka.address, cluster.topic('events')),
    changes(cluster.kafka.address, cluster.topic('orders')),
  ]);
  return { events, orders };
}

/** Prints the state of the connectors, and whether the slot was ahead of the topics. Stops the watch. */
export async function explain(cluster: TestCluster<TestKafka>, watch: SlotWatch): Promise<void> {
  for (const role of connectors) console.error(role, await cluster.status(role).then(JSON.stringify, messageOf));
  await watch
    .stop()
    .then(() => readTopics(cluster))
    .then(topics => checkSlotOf(cluster, watch, topics))
    .catch(error => console.error(messageOf(error)));
}

async function checkSlotOf(
  { slot, faults }: TestCluster<TestKafka>,
  { samples, failures, log }: SlotWatch,
  topics: Topics,
): Promise<void> {
  console.log(`${samples.length} samples of the slot; failed: ${JSON.stringify(Object.fromEntries(failures))}`);
  await checkSlot({ slot, samples, log, topics, faults });
}

function differences(truth: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  const wrong: string[] = [];
  for (const [id, row] of truth)
    if (found.get(id) !== row) wrong.push(`${id}: ${row} is ${found.get(id) ?? 'missing'}`);
  for (const id of found.keys()) if (!truth.has(id)) wrong.push(`${id}: not at the source`);
  return wrong.slice(0, 10);
}

/** Checks that each key is in database order without duplicates, and has no snapshot row after a change. */
function expectOrder(list: readonly Change[]): void {
  const wrong: string[] = [];
  const last = new Map<string, Change>();
  for (const change of list) {
    const { id, offset, op, lsn, version } = change;
    const before = last.get(id);
    last.set(id, change);
    if (before === undefined) continue;
    if (op === 'r') wrong.push(`a snapshot row of ${id} at ${offset} after ${before.offset}`);
    else if (before.op !== 'r' && lsn <= before.lsn) wrong.push(`${id} at ${offset} is older than at ${before.offset}`);
    else if (op === 'u' && version !== Number(before.version) + 1)
      wrong.push(`${id} at ${offset} has version ${version} after ${before.version}`);
  }
  expect(wrong.slice(0, 10)).toEqual([]);
}

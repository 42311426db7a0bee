import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs, { type Transaction } from 'kafkajs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { formatLsn, type Lsn } from '../../connectors/postgresql/position/lsn.ts';
import { changes } from '../chaos/changes.ts';
import type { CommittedChange } from '../chaos/commit-log.ts';
import { isDecidedState, type UnmarkedTransaction } from '../chaos/decisions.ts';
import { createLoad } from '../chaos/load.ts';
import { checkSlot } from '../chaos/slot-check.ts';
import { SlotWatch } from '../chaos/slot-watch.ts';
import { createDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { testKafka } from '../support/produce.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/*
 * Chaos tests and soaks check that a replication slot is never ahead of its topic. A comparison with the last
 * stable offset is wrong, because it lags behind commits that the coordinator has decided.
 */

const draw = generator(import.meta.url);
const kafka = new kafkajs.Kafka({
  brokers: [servers().kafka],
  logLevel: kafkajs.logLevel.NOTHING,
  // The markers of one transaction are still being written when the next one starts.
  retry: { initialRetryTime: 10, maxRetryTime: 50, retries: 200 },
});

let reports: string;
beforeAll(async () => {
  reports = await mkdtemp(join(tmpdir(), 'millrace-reports-'));
  vi.stubEnv('MILLRACE_TEST_REPORTS', reports);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(reports, { recursive: true, force: true });
});

/** A slot and topics that the test itself advances and writes, like a connector. */
async function openScene(cleanUp: AsyncDisposableStack) {
  const source = cleanUp.use(await createDatabase('slot'));
  await createLoad(source, 0);
  const topics = { events: draw.topic(), orders: draw.topic() };
  const client = testKafka();
  cleanUp.defer(() => client.close());
  await client.admin.createTopics(Object.values(topics).map(topic => ({ topic, partitions: 1, replicationFactor: 1 })));
  const producer = kafka.producer({ transactionalId: uniqueName('slot'), maxInFlightRequests: 1 });
  await producer.connect();
  cleanUp.defer(() => producer.disconnect());
  const slot = uniqueName('slot');
  const address = servers().kafka;
  const watch = cleanUp.use(
    await SlotWatch.open({ source, slot, kafka: { address }, topic: (table: keyof typeof topics) => topics[table] }),
  );
  await source.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
  return {
    watch,
    /** Inserts events, each in its own transaction; returns all current ones. */
    async insert(...ids: readonly number[]): Promise<readonly CommittedChange[]> {
      for (const id of ids) await source.query('INSERT INTO events VALUES ($1, 1, $2)', [id, 'insert']);
      const committed: CommittedChange[] = [];
      await watch.log.read(change => committed.push(change));
      return committed;
    },
    /** Writes a change and leaves its transaction open. */
    async write({ id, lsn }: CommittedChange): Promise<Transaction> {
      const envelope = (payload: object): string => `{"schema":{},"payload":${JSON.stringify(payload)}}`;
      const transaction = await producer.transaction();
      const value = envelope({ op: 'c', source: { lsn }, after: { id: Number(id) } });
      await transaction.send({ topic: topics.events, messages: [{ key: envelope({ id: Number(id) }), value }] });
      return transaction;
    },
    /** Confirms all commits before a position; default: all. */
    advance: (to?: Lsn) =>
      source.query('SELECT pg_replication_slot_advance($1, coalesce($2::pg_lsn, pg_current_wal_flush_lsn()))', [
        slot,
        to === undefined ? null : formatLsn(to),
      ]),
    async check(): Promise<void> {
      const [events, orders] = await Promise.all([changes(address, topics.events), changes(address, topics.orders)]);
      const faults = [{ name: 'another client advances the slot', from: Date.now() - 1000, until: Date.now() }];
      await checkSlot({ slot, samples: watch.samples, log: watch.log, topics: { events, orders }, faults });
    },
  };
}

/** Reads the report of a failed check. */
async function reported(check: Promise<void>) {
  const error: Error = await check.then(
    () => new Error('the check passed'),
    failure => failure,
  );
  const path = / (\/.+\.json)$/.exec(error.message)?.[1];
  if (path === undefined) throw error;
  return JSON.parse(await readFile(path, 'utf8'));
}

test('a commit counts from its decision, before its markers are written', async () => {
  await using cleanUp = new AsyncDisposableStack();
  const { watch, insert, write, advance, check } = await openScene(cleanUp);
  const list = await insert(...Array.from({ length: 51 }, (_, i) => i + 1));
  for (const [i, change] of list.slice(0, -1).entries()) {
    const transaction = await write(change);
    await advance(list[i + 1]?.commit);
    await transaction.commit();
    // The markers may have been written by now.
    const sample = await eventually('a sample', () => watch.sample());
    expect(sample.confirmed).toBe(list[i + 1]?.commit);
  }
  await check();
});

test("a coordinator's state decides records without a marker", async () => {
  await using cleanUp = new AsyncDisposableStack();
  const { watch, insert, write, advance, check } = await openScene(cleanUp);
  const [change] = await insert(1);
  const open = await write(change as CommittedChange);
  await advance();
  const sample = await eventually('a sample', () => watch.sample());
  const [unmarked] = sample.ends.events.unmarked;
  expect(unmarked).toMatchObject({ from: 0, state: 'Ongoing', decided: false });
  expect(sample.ends.events).toMatchObject({ highWatermark: 1, lastStableOffset: 0 });
  await open.commit();
  expect((await reported(check())).first[0]).toMatchObject({ missing: 1, changes: [{ id: '1', offset: 0 }] });
  const decided = { ...unmarked, state: 'PrepareCommit', decided: isDecidedState('PrepareCommit') };
  const events = { ...sample.ends.events, unmarked: [decided as UnmarkedTransaction] };
  watch.samples.splice(0, 1, { ...sample, ends: { ...sample.ends, events } });
  await check();
});

test('a slot ahead of the topic is found and explained', async () => {
  await using cleanUp = new AsyncDisposableStack();
  const { watch, insert, write, advance, check } = await openScene(cleanUp);
  const [first, late] = (await insert(1, 2)) as [CommittedChange, CommittedChange];
  await (await write(first)).commit();
  await advance(late.commit);
  // A slot that is confirmed at the commit record of a change sends it again.
  await eventually('a sample', () => watch.sample());
  await check();
  await advance();
  const sample = await eventually('a sample', () => watch.sample());
  await (await write(late)).commit();
  const report = await reported(check());
  expect(report).toMatchObject({ violations: 1, samples: 2 });
  expect(report.first[0]).toMatchObject({
    table: 'events',
    sample: { time: new Date(sample.time).toISOString(), confirmed: formatLsn(sample.confirmed) },
    missing: 1,
    changes: [{ id: '2', commit: formatLsn(late.commit), offset: sample.ends.events.highWatermark }],
    faults: [{ name: 'another client advances the slot' }],
    sampleBefore: { confirmed: formatLsn(late.commit) },
    sampleAfter: null,
  });
});

test('changes that never arrive in the topic are missing from it', async () => {
  await using cleanUp = new AsyncDisposableStack();
  const { watch, insert, advance, check } = await openScene(cleanUp);
  await insert(1);
  await advance();
  await eventually('a sample', () => watch.sample());
  const [{ changes: missing }] = (await reported(check())).first;
  expect(missing).toEqual([{ id: '1', lsn: expect.any(String), commit: expect.any(String) }]);
});

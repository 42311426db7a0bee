import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OrderRow } from '../../bench/checksum.ts';
import { checkChanges, checkSnapshot } from '../../bench/contents.ts';
import { Database } from '../../bench/database.ts';
import { endOf } from '../../bench/topics.ts';
import { requireComplete } from '../../bench/workloads/workload.ts';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { silent } from '../../src/observability/silent.ts';
import { eventually } from '../support/eventually.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

interface Change {
  readonly op: 'r' | 'c' | 'u' | 'd';
  readonly before: { readonly id: number } | null;
  readonly after: OrderRow | null;
  readonly source: { readonly lsn: number };
}

let kafka: KafkaClient;
let database: Database;
let since: string;
let snapshot: Change[];
let changes: Change[];
let topic: string;

beforeAll(async () => {
  const { kafka: address, postgres } = servers();
  kafka = kafkaClient({ brokers: [address], clientId: 'test' }, silent);
  database = await Database.create(postgres, uniqueName('bench'));
  await database.query('call fill_orders(20)');
  // Rows that the first two transactions update.
  await database.query(`insert into orders
    select 500001 + (k * 7919 + j * 16661) % 500000, 1, 'new', 1, null, now(), now()
    from generate_series(0, 1) k, generate_series(0, 29) j`);
  snapshot = (await rows('true')).map((after, lsn) => ({ op: 'r', before: null, after, source: { lsn } }));
  since = await database.now();
  await database.insertOne(2);
  const changed = await rows(`updated_at >= '${since}'`);
  const deleted = Array.from({ length: 20 }, (_, i) => ({ id: i + 1 }));
  changes = [
    ...changed.map(after => ({ op: after.id < 10_000_000 ? ('u' as const) : ('c' as const), before: null, after })),
    ...deleted.map(before => ({ op: 'd' as const, before, after: null })),
  ].map((change, lsn) => ({ ...change, source: { lsn } }));
});

beforeEach(async () => {
  topic = uniqueName('bench');
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
});

afterAll(async () => {
  await kafka.close();
  await database[Symbol.asyncDispose]();
});

/** Rows in the form of a source's records. */
async function rows(condition: string): Promise<OrderRow[]> {
  const utc = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ${column}`;
  const rowList = await database.query<Omit<OrderRow, 'id'> & { id: string; cents: number }>(
    `select id, customer_id, status, note, (amount * 100)::int cents, ${utc('created_at')}, ${utc('updated_at')}
      from orders where ${condition}`,
  );
  return rowList.map(({ id, cents, ...row }) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(cents);
    return { ...row, id: Number(id), amount: bytes.toString('base64') };
  });
}

async function write(events: readonly Change[]): Promise<void> {
  const producer = await kafka.producer({ transactionalId: topic, compression: 'none', transactionTimeoutMs: 10_000 });
  await producer.prepare([topic]);
  const batch = producer.batch();
  for (const event of events) {
    const value = Buffer.from(JSON.stringify(event));
    batch.append(topic, 0, null, value, -1, -1, 0, value.length, []);
  }
  await producer.commit(batch);
  await producer.close();
  // The commit is acknowledged before its control record is written, which has an offset of its own.
  await eventually('the transaction is complete', async () => (await endOf(kafka, topic)) === events.length + 1);
}

const without = (place: number): Change[] => changes.filter((_, i) => i !== place);
const check = async () => checkChanges(kafka, { topic, from: 0, changes: 200, since }, database);

test('all changes, each once, pass', async () => {
  await write(changes);
  expect(await check()).toEqual({ records: 200, doubled: 0 });
});

test('a duplicate change is counted', async () => {
  await write([...changes, ...changes.slice(-1)]);
  expect(await check()).toEqual({ records: 201, doubled: 1 });
});

test('a lost change is an error, whichever it is', async () => {
  await write(without(0));
  await expect(check()).rejects.toThrow('changes by op are');
});

test('a lost change is an error even if another was duplicated at a new position', async () => {
  const [first] = changes.filter(({ op }) => op === 'c');
  const [lost] = changes.filter(({ op }) => op === 'c').slice(1);
  if (first === undefined || lost === undefined) throw new Error('no inserts');
  await write([...changes.filter(change => change !== lost), { ...first, source: { lsn: 1_000_000 } }]);
  await expect(check()).rejects.toThrow('the contents are wrong');
});

test('an old row after a newer one is an error', async () => {
  const update = changes.find(({ op }) => op === 'u');
  if (!update?.after) throw new Error('no update');
  const old = { ...update, after: { ...update.after, status: 'old' }, source: { lsn: 1_000_000 } };
  const other = changes.find(change => change.op === 'u' && change !== update);
  await write([...changes.filter(change => change !== other), old]);
  await expect(check()).rejects.toThrow('the contents are wrong');
});

test('a snapshot contains every row once, unchanged', async () => {
  const state = await Database.create(servers().postgres, uniqueName('bench'));
  try {
    await state.query('call fill_orders(3)');
    const whole = snapshot.filter(({ after }) => (after?.id ?? 0) <= 3);
    await write([...whole, ...whole.slice(0, 1)]);
    expect(await checkSnapshot(kafka, topic, state)).toEqual({ records: 4, doubled: 1 });
    await state.query("update orders set note = 'other' where id = 2");
    await expect(checkSnapshot(kafka, topic, state)).rejects.toThrow('the contents are wrong');
  } finally {
    await state[Symbol.asyncDispose]();
  }
});

test('duplicates are an error only for subjects that promise exactly once', () => {
  const subject = {
    name: 'it',
    workerProperties: {},
    sourceProperties: {},
    sinkProperties: {},
    versions: {},
    command: () => ['it'] as const,
  };
  const doubled = { records: 101, doubled: 1 };
  expect(() => requireComplete(doubled, 100, { ...subject, exactlyOnce: false })).not.toThrow();
  expect(() => requireComplete(doubled, 100, { ...subject, exactlyOnce: true })).toThrow('more than once');
  expect(() => requireComplete({ records: 100, doubled: 1 }, 100, { ...subject, exactlyOnce: false })).toThrow(
    '99 distinct',
  );
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { silent } from '../../src/observability/silent.ts';
import { startPostgres } from '../../src/stack/index.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { servers } from '../support/servers.ts';
import { debeziumSource } from '../support/table-connectors.ts';
import { uniqueName } from '../support/topic.ts';

/*
 * Positions of concurrent transactions: their records are interleaved in the log, and only their commits are in the order
 * in which transactions are read.
 */
const group = uniqueName('interleaved');
/** A server of this test, so that its log contains nothing else. */
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let database: TestDatabase;
let kafka: KafkaClient;
let folder: string;
let worker: WorkerProcess;

beforeAll(async () => {
  postgres = await startPostgres();
  database = await createDatabase('interleaved', postgres);
  kafka = kafkaClient({ brokers: [servers().kafka], clientId: group }, silent);
  folder = await mkdtemp(join(tmpdir(), 'millrace-interleaved-test-'));
  worker = await startWorker();
});
afterAll(async () => {
  await worker?.stop();
  await kafka?.close();
  await database?.drop();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

const startWorker = async (): Promise<WorkerProcess> =>
  startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'temporal.address': servers().temporal,
  });

/** Captures one empty table; resolves when the connector streams. */
async function capture(table: string): Promise<{ readonly topic: string; confirmed(): Promise<number> }> {
  const name = `${group}_${table}`;
  await database.query(`create table ${table} (id int primary key, note text)`);
  await call('POST', `${worker.url}/connectors`, {
    name,
    config: {
      ...debeziumSource(database, name),
      'table.include.list': `public.${table}`,
      'snapshot.mode': 'no_data',
      'status.update.interval.ms': '100',
    },
  });
  const slot = () =>
    database.query<{ confirmed: string; active: boolean }>(
      `select (confirmed_flush_lsn - '0/0')::text as confirmed, active from pg_replication_slots where slot_name = $1`,
      [name],
    );
  await eventually(`${name} streams`, async () => (await slot())[0]?.active);
  return { topic: `${name}.public.${table}`, confirmed: async () => Number((await slot())[0]?.confirmed) };
}

/** Committed ids in the topic, in topic order. */
async function ids(topic: string): Promise<number[]> {
  if (!(await kafka.admin.partitions([topic])).has(topic)) return [];
  const [{ low, end } = { low: 0, end: 0 }] = await kafka.admin.offsets([{ topic, partition: 0 }]);
  const reader = await kafka.reader({
    assigned: [{ topic, partition: 0, offset: low }],
    maxBytes: 8 << 20,
    maxPartitionBytes: 8 << 20,
    maxWaitMs: 100,
  });
  const ids: number[] = [];
  for (let next = low; next < end; )
    for (const part of await reader.poll()) {
      next = part.next;
      for (const { key } of part.records) ids.push(JSON.parse(String(key)).payload.id);
    }
  await reader.close();
  return ids;
}

const lsn = async (expression: string): Promise<number> => {
  const [row] = await database.query<{ at: string }>(`select (${expression} - '0/0')::text as at`);
  return Number(row?.at);
};

test('a change committed directly after a logical message survives a kill -9 between the two', async () => {
  const { topic, confirmed } = await capture('messages');
  const writer = await database.client();
  let adjacent = 0;
  for (let id = 1; adjacent === 0 && id <= 5; id++) {
    await writer.query('begin');
    await writer.query('insert into messages values ($1)', [id]);
    const message = await lsn(`pg_logical_emit_message(false, 'note', '')`);
    await eventually('the message is acknowledged', async () => (await confirmed()) >= message);
    await worker.kill9();
    // Nothing such as a checkpoint was written in between: the commit starts where the message ends.
    if ((await lsn('pg_current_wal_insert_lsn()')) === message) adjacent++;
    await writer.query('commit');
    worker = await startWorker();
    await eventually(`row ${id} is in the topic`, async () => (await ids(topic)).includes(id));
  }
  expect(adjacent).toBe(1);
});

test('a transaction larger than a batch, with another commit during it, is not duplicated by a kill -9', async () => {
  const { topic } = await capture('large');
  const rows = 20_000;
  const writer = await database.client();
  await writer.query('begin');
  await writer.query(`insert into large select i, repeat('x', 2000) from generate_series(1, $1) i`, [rows]);
  await database.query('insert into large values (0)');
  await writer.query('commit');
  await database.query('insert into large values (-1)');
  await eventually(
    'a part of it is in the topic',
    async () => {
      const there = await kafka.admin.partitions([topic]);
      return there.has(topic) && ((await kafka.admin.offsets([{ topic, partition: 0 }]))[0]?.end ?? 0) > 10;
    },
    { every: 5 },
  );
  await worker.kill9();
  expect(await ids(topic)).not.toContain(-1);
  worker = await startWorker();
  await eventually('all of it is in the topic', async () => (await ids(topic)).includes(-1), { every: 500 });
  expect(await ids(topic)).toEqual([0, ...Array.from({ length: rows }, (_, i) => i + 1), -1]);
});

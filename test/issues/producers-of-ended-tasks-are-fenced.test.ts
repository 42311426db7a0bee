import { afterAll, expect, test } from 'vitest';
import { Cluster } from '../../src/kafka/cluster/cluster.ts';
import { FieldReader, FieldWriter } from '../../src/kafka/protocol/fields.ts';
import { silent } from '../../src/observability/silent.ts';
import { createDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { incrementingSource } from '../support/table-connectors.ts';
import { topicRecords } from '../support/topic-records.ts';
import { WorkerGroup } from '../support/worker-group.ts';

/**
 * A producer may still run on a worker that is cut off after its task has ended: only a newer epoch of its id fences
 * it.
 */
const draw = generator(import.meta.url);
const TABLES = [0, 1, 2].map(n => `t${n}`);
const cluster = new Cluster({ brokers: [servers().kafka], clientId: 'test' }, silent);
afterAll(() => cluster.close());

const DESCRIBE_TRANSACTIONS = 65;

/** Current producer epoch of a transactional id. https://kafka.apache.org/protocol#The_Messages_DescribeTransactions */
async function epochOf(id: string): Promise<number> {
  const coordinator = await cluster.coordinator('transaction', id);
  const body = new FieldWriter();
  body.tags().compactArray([id], text => body.compactString(text));
  const fields = new FieldReader(await coordinator.send(DESCRIBE_TRANSACTIONS, 0, [body.tags().take()]));
  fields.tags();
  // throttle_time_ms
  fields.int32();
  const [epoch = -1] = fields.compactArray(() => {
    const error = fields.int16();
    fields.compactString();
    fields.compactString();
    // transaction_timeout_ms, transaction_start_time_ms, producer_id
    fields.slice(4 + 8 + 8);
    const errorCode = fields.int16();
    fields.compactArray(() => {
      fields.compactString();
      for (let left = fields.unsignedVarint() - 1; left > 0; left--) fields.int32();
    });
    return error === 0 ? errorCode : -1;
  });
  return epoch;
}

test('the producers of a connector with fewer tasks, paused, stopped or deleted are fenced', async () => {
  await using database = await createDatabase('fenced');
  for (const table of TABLES) await database.query(`CREATE TABLE ${table} (id serial PRIMARY KEY)`);
  await using group = await WorkerGroup.start('fenced');
  const name = draw.connectorName();
  const path = `/${encodeURIComponent(name)}`;
  const config = incrementingSource(database, TABLES, `${group.id}-`);
  const ids = TABLES.map((_table, task) => `${group.id}-${name}-${task}`);
  const epochs = () => Promise.all(ids.map(epochOf));
  let rows = 0;
  /** Writes a row to every table and waits for it: the current tasks have opened their ids. */
  const flows = async (tasks: number) => {
    await eventually(`there are ${tasks} tasks`, async () => (await group.status(name)).tasks.length === tasks);
    rows++;
    for (const table of TABLES) await database.query(`INSERT INTO ${table} DEFAULT VALUES`);
    for (const table of TABLES)
      await eventually(`row ${rows} of ${table} is there`, async () => {
        const records = await topicRecords(`${group.id}-${table}`);
        return records.length === rows;
      });
  };
  /** Checks that each id of these tasks has a newer epoch than before. */
  const raised = (what: string, before: readonly number[], tasks: readonly number[]) =>
    eventually(what, async () => {
      const now = await epochs();
      return tasks.every(task => (now[task] ?? -1) > (before[task] ?? -1));
    });

  await group.create(name, { ...config, 'tasks.max': '3' });
  await flows(3);
  let before = await epochs();
  await group.request('PUT', `${path}/config`, { ...config, 'tasks.max': '1' });
  await flows(1);
  await raised('the ids of the removed tasks are fenced', before, [1, 2]);

  before = await epochs();
  await group.request('PUT', `${path}/pause`);
  await raised('the id of a paused task is fenced', before, [0]);
  await group.request('PUT', `${path}/resume`);
  await flows(1);

  before = await epochs();
  await group.request('DELETE', path);
  const after = await epochs();
  expect(after[0]).toBeGreaterThan(before[0] ?? Number.POSITIVE_INFINITY);
}, 120_000);

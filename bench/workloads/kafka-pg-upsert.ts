import { sinkConfig } from '../connectors.ts';
import { same } from '../contents.ts';
import { produceOrders } from '../produce.ts';
import { waitForRow } from '../rows.ts';
import { emptyCopy } from '../sql.ts';
import { checkOf } from './source.ts';
import { type Bench, drainFigures, meter, onOneWorker, uniqueName } from './workload.ts';

const defaultRecords = 1_000_000;

/** Input topics, shared by all runs of a call. */
const topics = new WeakMap<Bench, ReturnType<typeof produceOrders>>();

/** Flat JSON with its schema, upserted by key to an empty table, from creating the connector to the last row. */
export const workload = onOneWorker({ title: 'topic to PostgreSQL, upsert by key' }, async (bench, worker) => {
  const { kafka, database, records = defaultRecords, log } = bench;
  const { connect, subject } = worker;
  const produced = topics.get(bench) ?? produceOrders(kafka, `${uniqueName()}-flat`, records, log);
  topics.set(bench, produced);
  const { topic, checksum } = await produced;
  const name = uniqueName();
  await database.query(emptyCopy);
  await database.query('checkpoint');
  const config = sinkConfig(subject, database, topic);
  const stretch = meter(bench, worker);
  await connect.create(name, config);
  const arrived = await waitForRow(database, { id: records, after: 0, meter: stretch, check: checkOf(worker, name) });
  same('the topic', await database.checksum('orders_copy'), checksum);
  await connect.remove(name);
  return drainFigures(records, stretch, arrived);
});

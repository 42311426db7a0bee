import { sourceConfig, topicOf } from '../connectors.ts';
import { checkSnapshot } from '../contents.ts';
import { waitForDrain } from '../drain.ts';
import { tableRows } from '../sql.ts';
import { withTopic } from '../topics.ts';
import { checkOf, removeSource } from './source.ts';
import { drainFigures, meter, onOneWorker, requireComplete, uniqueName } from './workload.ts';

/** The initial snapshot of the table, from creating the connector to the last row in the topic. */
export const workload = onOneWorker(
  { title: 'initial snapshot of a PostgreSQL table to a topic' },
  async (bench, worker) => {
    const { kafka, database, records: rows = tableRows } = bench;
    const { connect, subject } = worker;
    const { count } = await database.one<{ count: string }>('select count(*) from orders');
    if (Number(count) !== rows) await database.fill(rows);
    const name = uniqueName();
    const topic = topicOf(name);
    return withTopic(kafka, topic, async () => {
      const config = sourceConfig(subject, database, { name, snapshot: 'initial', schemas: false });
      const stretch = meter(bench, worker);
      await connect.create(name, config);
      const check = checkOf(worker, name);
      const arrived = await waitForDrain(kafka, { topic, from: 0, records: rows, meter: stretch, check });
      requireComplete(await checkSnapshot(kafka, topic, database), rows, subject);
      await removeSource(bench, worker, name);
      return drainFigures(rows, stretch, arrived);
    });
  },
);

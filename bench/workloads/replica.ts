import { flatSourceConfig, sinkConfig, topicOf } from '../connectors.ts';
import type { Database } from '../database.ts';
import { waitForRow } from '../rows.ts';
import { differences, fullCopy } from '../sql.ts';
import type { Worker } from '../subjects/worker.ts';
import { withTopic } from '../topics.ts';
import { checkOf, createSource, removeSource, stopSource } from './source.ts';
import { type Bench, meter, uniqueName } from './workload.ts';

/** A source and a sink that keep `orders_copy` equal to `orders`, after some initial changes. */
export interface Replica {
  stop(): Promise<void>;
  resume(): Promise<void>;
  /** Rejects if one of them has failed. */
  check(): Promise<void>;
}

/** Runs both on one worker; after `use`, the tables must be equal, and both connectors are deleted. */
export async function withReplica<T>(bench: Bench, worker: Worker, use: (replica: Replica) => Promise<T>): Promise<T> {
  const { kafka, database, log } = bench;
  const { connect, subject } = worker;
  const source = uniqueName();
  const sink = uniqueName();
  const topic = topicOf(source);
  log('copying the table');
  await database.query(fullCopy);
  await database.query('checkpoint');
  return withTopic(kafka, topic, async () => {
    await createSource(bench, worker, { name: source, snapshot: 'no_data', schemas: true, extra: flatSourceConfig });
    await connect.create(sink, sinkConfig(subject, database, topic));
    await connect.running(sink);
    const check = checkOf(worker, source, sink);
    await database.insertOne(20);
    const id = await database.timestamp();
    await waitForRow(database, { id, after: 0, meter: meter(bench, worker), check });
    const result = await use({
      async stop() {
        await stopSource(bench, worker, source);
        await connect.stop(sink);
      },
      async resume() {
        await connect.resume(source);
        await connect.resume(sink);
      },
      check,
    });
    await requireEqual(database);
    await connect.remove(sink);
    await removeSource(bench, worker, source);
    return result;
  });
}

async function requireEqual(database: Database): Promise<void> {
  const { missing, surplus } = await database.one<{ missing: number; surplus: number }>(differences);
  if (missing + surplus > 0)
    throw new Error(`the copy differs from the table: ${missing} rows are missing or old, ${surplus} are surplus`);
}

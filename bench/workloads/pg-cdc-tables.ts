import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { sourceConfig } from '../connectors.ts';
import type { Count } from '../contents.ts';
import { checkOf, removeSource } from './source.ts';
import { drainFigures, meter, onOneWorker, requireComplete, uniqueName } from './workload.ts';

/** Rows of each table. */
const ROWS = 20;
const EVERY_MS = 100;
const CHECK_EVERY_MS = 2000;

/**
 * The initial snapshot of 1,000 tables of 20 rows, from creating the connector to the last row, with existing topics.
 */
export const workload = onOneWorker(
  { title: 'initial snapshot of 1,000 small PostgreSQL tables' },
  async (bench, worker) => {
    const { kafka, database, records = 1000 * ROWS } = bench;
    const tables = Array.from({ length: Math.ceil(records / ROWS) }, (_, i) => `t${i}`);
    await database.query('drop schema if exists small cascade; create schema small');
    await database.query(`
      do $$ begin
        for i in 0..${tables.length - 1} loop
          execute format('create table small.t%s (id int primary key, note text)', i);
          execute format('insert into small.t%s select n, repeat(''x'', 80) from generate_series(1, ${ROWS}) n', i);
        end loop;
      end $$`);
    await database.query('checkpoint');
    const name = uniqueName();
    const topics = tables.map(table => `${name}.small.${table}`);
    const config = sourceConfig(worker.subject, database, {
      name,
      snapshot: 'initial',
      schemas: false,
      extra: {
        'table.include.list': 'small[.].*',
        'topic.creation.default.partitions': '1',
        'topic.creation.default.replication.factor': '1',
      },
    });
    const stretch = meter(bench, worker);
    await worker.connect.create(name, config);
    const check = checkOf(worker, name);
    let firstAt: number | undefined;
    let checkedAt = performance.now();
    for (;;) {
      const there = await kafka.admin.partitions(topics);
      if (there.size > 0) firstAt ??= performance.now();
      if (there.size === topics.length && (await areFull(kafka, topics))) break;
      if (performance.now() - checkedAt > CHECK_EVERY_MS) {
        checkedAt = performance.now();
        await check();
      }
      await delay(EVERY_MS);
    }
    const last = stretch.sample();
    requireComplete(await count(kafka, topics), tables.length * ROWS, worker.subject);
    await removeSource(bench, worker, name);
    await kafka.admin.deleteTopics(topics);
    return drainFigures(tables.length * ROWS, stretch, { firstAt: firstAt ?? last.at, last });
  },
);

/** A table's topic contains only its rows, which precede any control record. */
async function areFull(kafka: KafkaClient, topics: readonly string[]): Promise<boolean> {
  const ranges = await kafka.admin.offsets(topics.map(topic => ({ topic, partition: 0 })));
  return ranges.every(({ end }) => end >= ROWS);
}

async function count(kafka: KafkaClient, topics: readonly string[]): Promise<Count> {
  const ends = await kafka.admin.offsets(topics.map(topic => ({ topic, partition: 0 })));
  const left = new Map(ends.map(({ topic, end }) => [topic, end]));
  const assigned = topics.map(topic => ({ topic, partition: 0, offset: 0 }));
  const reader = await kafka.reader({ assigned, maxBytes: 8 << 20, maxPartitionBytes: 1 << 20, maxWaitMs: 500 });
  const tablesRead = new Set<string>();
  let records = 0;
  try {
    while (left.size > 0)
      for (const { topic, records: list, next } of await reader.poll()) {
        for (const { value } of list) {
          records++;
          tablesRead.add(`${topic} ${JSON.parse(String(value)).after.id}`);
        }
        if (next >= (left.get(topic) ?? 0)) left.delete(topic);
      }
  } finally {
    await reader.close();
  }
  return { records, doubled: records - tablesRead.size };
}

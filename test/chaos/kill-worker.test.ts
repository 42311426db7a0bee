import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { seeded } from '../support/seed.ts';
import { runLoad } from './load.ts';
import { SlotWatch } from './slot-watch.ts';
import { TestCluster } from './test-cluster.ts';
import { verify } from './verify.ts';

/** 100,000 rows in each table before the load, and over 300,000 changes including events. */
const ROWS = 50_000;
const TRANSACTIONS = 16_000;

test('a pipeline survives kill -9 of the worker at five moments in snapshot and stream', async () => {
  const random = seeded();
  console.log(`MILLRACE_SEED=${random.seed}`);
  await using cluster = await TestCluster.start(ROWS);
  let worker = await cluster.startWorker();
  await cluster.createPipeline();
  await using slot = await SlotWatch.start(cluster);
  const load = runLoad(cluster.source, 1, TRANSACTIONS);
  // The first kill hits the snapshot; the others are random.
  await eventually('the snapshot has begun', async () => (await cluster.targetEvents()) > 0, { every: 20 });
  for (let kill = 0; kill < 5; kill++) {
    await new Promise(resolve => setTimeout(resolve, random.between(0, 3000)));
    worker = await cluster.during('the worker is killed', () => cluster.replaceWorker(worker));
    const { id } = worker;
    await eventually('the new worker has taken over', async () => (await cluster.workerOf('source')) === id);
  }
  await load;
  await verify(cluster, slot);
  const [{ count } = { count: 0 }] = await cluster.source.query<{ count: string }>('select count(*) from events');
  expect(2 * (Number(count) - ROWS)).toBeGreaterThan(200_000);
});

import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { seeded } from '../support/seed.ts';
import { runLoad } from './load.ts';
import { SlotWatch } from './slot-watch.ts';
import { Rig } from './test-cluster.ts';
import { verify } from './verify.ts';

/** 100,000 rows in each table before the load, and over 300,000 changes including events. */
const ROWS = 50_000;
const TRANSACTIONS = 16_000;

test('a pipeline survives kill -9 of the worker at five moments in snapshot and stream', async () => {
  const random = seeded();
  console.log(`MILLRACE_SEED=${random.seed}`);
  await using rig = await Rig.start(ROWS);
  let worker = await rig.startWorker();
  await rig.createPipeline();
  await using slot = await SlotWatch.start(rig);
  const load = runLoad(rig.source, 1, TRANSACTIONS);
  // The first kill hits the snapshot; the others are random.
  await eventually('the snapshot has begun', async () => (await rig.arrived()) > 0, { every: 20 });
  for (let kill = 0; kill < 5; kill++) {
    await new Promise(resolve => setTimeout(resolve, random.between(0, 3000)));
    worker = await rig.during('the worker is killed', () => rig.replaceWorker(worker));
    const { id } = worker;
    await eventually('the new worker has taken over', async () => (await rig.holder('source')) === id);
  }
  await load;
  await verify(rig, slot);
  const [{ count } = { count: 0 }] = await rig.source.query<{ count: string }>('select count(*) from events');
  expect(2 * (Number(count) - ROWS)).toBeGreaterThan(200_000);
});

import { test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { seeded } from '../support/seed.ts';
import { serverFaults } from './faults.ts';
import { runLoad } from './load.ts';
import { SlotWatch } from './slot-watch.ts';
import { connectors, TestCluster } from './test-cluster.ts';
import { verify } from './verify.ts';

test.each(Object.entries(serverFaults))('no change is lost or duplicated when %s', async (name, trouble) => {
  const random = seeded();
  console.log(`MILLRACE_SEED=${random.seed}`);
  await using cluster = await TestCluster.start(5000);
  await cluster.startWorker();
  await cluster.createPipeline();
  await cluster.workerOf('source');
  await using slot = await SlotWatch.start(cluster);
  const load = runLoad(cluster.source, 1, 4000);
  await eventually('it streams', async () => (await cluster.targetEvents()) > 6000);
  await new Promise(resolve => setTimeout(resolve, random.between(0, 1500)));
  await cluster.during(name, () => trouble(cluster, random));
  await load;
  // Connectors recover without intervention.
  for (const role of connectors) await cluster.workerOf(role);
  await verify(cluster, slot);
});

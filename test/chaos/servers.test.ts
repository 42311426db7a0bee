import { test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { seeded } from '../support/seed.ts';
import { serverTroubles } from './faults.ts';
import { runLoad } from './load.ts';
import { SlotWatch } from './slot-watch.ts';
import { connectors, Rig } from './test-cluster.ts';
import { verify } from './verify.ts';

test.each(Object.entries(serverTroubles))('no change is lost or duplicated when %s', async (name, trouble) => {
  const random = seeded();
  console.log(`MILLRACE_SEED=${random.seed}`);
  await using rig = await Rig.start(5000);
  await rig.startWorker();
  await rig.createPipeline();
  await rig.holder('source');
  await using slot = await SlotWatch.start(rig);
  const load = runLoad(rig.source, 1, 4000);
  await eventually('it streams', async () => (await rig.arrived()) > 6000);
  await new Promise(resolve => setTimeout(resolve, random.between(0, 1500)));
  await rig.during(name, () => trouble(rig, random));
  await load;
  // Connectors recover without intervention.
  for (const role of connectors) await rig.holder(role);
  await verify(rig, slot);
});

import { test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { seeded } from '../support/seed.ts';
import { runLoad } from './load.ts';
import { Rig } from './rig.ts';
import { verify, watchSlot } from './verify.ts';

/** What goes wrong, while changes stream through. */
const troubles = {
  'the broker is killed with -9 and comes back': async (rig: Rig) => {
    await rig.kafka.kill9();
    await rig.kafka.restart();
  },
  'the broker freezes for a few seconds': async (rig: Rig) => {
    await rig.kafka.stopProcess();
    await new Promise(resolve => setTimeout(resolve, 4000));
    await rig.kafka.cont();
  },
  'PostgreSQL restarts': (rig: Rig) => rig.postgres.restart(),
  'PostgreSQL is killed with -9 and comes back': async (rig: Rig) => {
    await rig.postgres.kill9();
    await rig.postgres.restart();
  },
  'Temporal is killed with -9 and comes back': async (rig: Rig) => {
    await rig.temporal.kill9();
    await rig.temporal.restart();
  },
} as const;

test.each(Object.entries(troubles))('%s: nothing lost, nothing doubled', async (_name, trouble) => {
  const random = seeded();
  console.log(`MILLRACE_SEED=${random.seed}`);
  await using rig = await Rig.start(5000);
  await rig.startWorker();
  await rig.createPipeline();
  await rig.holder('source');
  const slot = watchSlot(rig);
  const load = runLoad(rig.source, 1, 4000);
  await eventually('it streams', async () => (await rig.arrived()) > 6000);
  await new Promise(resolve => setTimeout(resolve, random.between(0, 1500)));
  await trouble(rig);
  await load;
  // Whatever was given up meanwhile has come back by itself.
  for (const name of ['source', 'sink-orders', 'sink-events']) await rig.holder(name);
  await verify(rig, await slot.stop());
});

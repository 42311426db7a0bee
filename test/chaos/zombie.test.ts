import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { runLoad } from './load.ts';
import { SlotWatch } from './slot-watch.ts';
import { connectors, Rig } from './test-cluster.ts';
import { verify } from './verify.ts';

test('a frozen worker writes nothing after its tasks have run elsewhere', async () => {
  await using rig = await Rig.start(5000);
  const zombie = await rig.startWorker();
  await rig.createPipeline();
  await rig.holder('source');
  await using slot = await SlotWatch.start(rig);
  const load = runLoad(rig.source, 1, 4000);
  await eventually('it streams', async () => (await rig.arrived()) > 6000);
  process.kill(zombie.pid, 'SIGSTOP');
  rig.workers.splice(rig.workers.indexOf(zombie), 1);
  const frozen = performance.now();
  const before = await rig.arrived();
  const successor = await rig.startWorker();
  for (const name of connectors)
    await eventually(`${name} runs elsewhere`, async () => (await rig.holder(name)) === successor.id, {
      within: 60_000,
    });
  console.log(`taken over after ${Math.round(performance.now() - frozen)} ms`);
  await eventually('the successor writes', async () => (await rig.arrived()) > before);
  process.kill(zombie.pid, 'SIGCONT');
  rig.workers.push(zombie);
  await load;
  await verify(rig, slot);
  // The worker has lost its tasks and accepts new ones.
  await eventually('the zombie has recovered', async () => (await fetch(`${zombie.url}/health`)).ok);
  expect((await rig.status('source')).tasks[0]?.state).toBe('RUNNING');
});

test('tasks of a killed worker that is not replaced run elsewhere within ten seconds', async () => {
  await using rig = await Rig.start(1000);
  await rig.startWorker();
  await rig.startWorker();
  await rig.createPipeline();
  const holder = await rig.holder('source');
  const victim = rig.workers.find(worker => worker.id === holder);
  if (victim === undefined) throw new Error(`no worker has the address ${holder}`);
  await eventually('the snapshot is complete', async () => (await rig.arrived()) === 1000);
  rig.workers.splice(rig.workers.indexOf(victim), 1);
  await victim.kill9();
  const killed = performance.now();
  for (const name of connectors)
    await eventually(`${name} runs elsewhere`, async () => (await rig.holder(name)) !== victim.id);
  await runLoad(rig.source, 1, 20);
  await eventually('changes arrive', async () => (await rig.arrived()) > 1000);
  const seconds = (performance.now() - killed) / 1000;
  console.log(`taken over after ${seconds.toFixed(1)} s`);
  expect(seconds).toBeLessThan(10);
  await verify(rig);
});

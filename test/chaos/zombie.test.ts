import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { runLoad } from './load.ts';
import { SlotWatch } from './slot-watch.ts';
import { connectors, TestCluster } from './test-cluster.ts';
import { verify } from './verify.ts';

test('a frozen worker writes nothing after its tasks have run elsewhere', async () => {
  await using cluster = await TestCluster.start(5000);
  const zombie = await cluster.startWorker();
  await cluster.createPipeline();
  await cluster.workerOf('source');
  await using slot = await SlotWatch.start(cluster);
  const load = runLoad(cluster.source, 1, 4000);
  await eventually('it streams', async () => (await cluster.targetEvents()) > 6000);
  process.kill(zombie.pid, 'SIGSTOP');
  cluster.workers.splice(cluster.workers.indexOf(zombie), 1);
  const frozen = performance.now();
  const before = await cluster.targetEvents();
  const successor = await cluster.startWorker();
  for (const name of connectors)
    await eventually(`${name} runs elsewhere`, async () => (await cluster.workerOf(name)) === successor.id, {
      within: 60_000,
    });
  console.log(`taken over after ${Math.round(performance.now() - frozen)} ms`);
  await eventually('the successor writes', async () => (await cluster.targetEvents()) > before);
  process.kill(zombie.pid, 'SIGCONT');
  cluster.workers.push(zombie);
  await load;
  await verify(cluster, slot);
  // The worker has lost its tasks and accepts new ones.
  await eventually('the zombie has recovered', async () => (await fetch(`${zombie.url}/health`)).ok);
  expect((await cluster.status('source')).tasks[0]?.state).toBe('RUNNING');
});

test('tasks of a killed worker that is not replaced run elsewhere within ten seconds', async () => {
  await using cluster = await TestCluster.start(1000);
  await cluster.startWorker();
  await cluster.startWorker();
  await cluster.createPipeline();
  const holder = await cluster.workerOf('source');
  const victim = cluster.workers.find(worker => worker.id === holder);
  if (victim === undefined) throw new Error(`no worker has the address ${holder}`);
  await eventually('the snapshot is complete', async () => (await cluster.targetEvents()) === 1000);
  cluster.workers.splice(cluster.workers.indexOf(victim), 1);
  await victim.kill9();
  const killed = performance.now();
  for (const name of connectors)
    await eventually(`${name} runs elsewhere`, async () => (await cluster.workerOf(name)) !== victim.id);
  await runLoad(cluster.source, 1, 20);
  await eventually('changes arrive', async () => (await cluster.targetEvents()) > 1000);
  const seconds = (performance.now() - killed) / 1000;
  console.log(`taken over after ${seconds.toFixed(1)} s`);
  expect(seconds).toBeLessThan(10);
  await verify(cluster);
});

import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'vitest';
import { otherFaults, serverFaults } from '../chaos/faults.ts';
import { keepLoading } from '../chaos/load.ts';
import { SlotWatch } from '../chaos/slot-watch.ts';
import { TestCluster } from '../chaos/test-cluster.ts';
import { awaitProgress, verifyAfter } from '../chaos/verify.ts';
import { type Seeded, seeded } from '../support/seed.ts';

const MINUTES = Number(process.env['MILLRACE_SOAK']);
const ROWS = 20_000;
const TRANSACTIONS = 500;
const PAUSE_MS = 4000;

/** Picks one fault or, one time in four, two faults at once. */
function pick(random: Seeded): string[] {
  const [servers, others] = [Object.keys(serverFaults), Object.keys(otherFaults)];
  const any = [...servers, ...others];
  if (random.between(0, 4) > 0) return [any[random.between(0, any.length)] as string];
  // Two faults of one server would undo each other.
  return [servers.slice(0, 4)[random.between(0, 4)] as string, others[random.between(0, others.length)] as string];
}

test(`a pipeline loses and duplicates nothing in ${MINUTES} minutes of changes under constant faults`, {
  timeout: (MINUTES + 30) * 60_000,
}, async () => {
  const random = seeded();
  const log = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);
  log(`MILLRACE_SEED=${random.seed} MILLRACE_SOAK=${MINUTES}`);
  await using cluster = await TestCluster.start(ROWS);
  await cluster.startWorker();
  await cluster.startWorker();
  await cluster.createPipeline();
  await using slot = await SlotWatch.start(cluster);
  const end = performance.now() + MINUTES * 60_000;
  // All written data is compared at the end: hours of it must fit into memory.
  using load = keepLoading(cluster.source, TRANSACTIONS, PAUSE_MS);
  const faults = { ...serverFaults, ...otherFaults };
  const act = async () => {
    for (let round = 1; performance.now() < end; round++) {
      await delay(random.between(0, 12_000));
      const names = pick(random);
      log(names.join(', and '));
      await Promise.all(names.map(name => cluster.during(name, async () => faults[name]?.(cluster, random))));
      if (round % 5 > 0) continue;
      log(`${round} rounds, ${await awaitProgress(cluster)} events arrived`);
    }
  };
  await verifyAfter(act, { cluster, load, slot, log });
});

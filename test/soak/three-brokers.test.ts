import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'vitest';
import { taskTransactionalId } from '../../src/connector/transactional-ids.ts';
import { keepLoading } from '../chaos/load.ts';
import { SlotWatch } from '../chaos/slot-watch.ts';
import { TestCluster } from '../chaos/test-cluster.ts';
import { awaitProgress, verifyAfter } from '../chaos/verify.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { KafkaCluster } from '../support/kafka-cluster.ts';
import { type Seeded, seeded } from '../support/seed.ts';

/** MILLRACE_KILLS: number of SIGKILLs of brokers. */
const KILLS = Number(process.env['MILLRACE_KILLS'] ?? 100);
const ROWS = 5000;
const TRANSACTIONS = 100;
const PAUSE_MS = 1000;
const PROGRESS_EVERY = 10;
/** The controller removes brokers after 3 s without a heartbeat. */
const FREEZE_MS = { from: 1000, to: 10_000 };
const MINUTES = 15 + KILLS;

type ClusterRig = TestCluster<KafkaCluster>;

const sourceId = (cluster: ClusterRig): string =>
  taskTransactionalId({ cluster: cluster.prefix, connector: cluster.name('source'), task: 0 });

/** Functions that return the id of the broker in a role for the pipeline. */
const roles: Readonly<Record<string, (cluster: ClusterRig) => Promise<number>>> = {
  "the coordinator of the source's transactions": cluster =>
    cluster.kafka.coordinator('transaction', sourceId(cluster)),
  'the leader of events': cluster => cluster.kafka.leader({ topic: cluster.topic('events'), partition: 0 }),
  'the leader of orders': cluster => cluster.kafka.leader({ topic: cluster.topic('orders'), partition: 0 }),
  "the leader of the source's offsets": async ({ kafka, offsetsTopic }) =>
    kafka.leader(await kafka.longestPartition(offsetsTopic)),
  "the coordinator of a sink's group": cluster =>
    cluster.kafka.coordinator('group', `connect-${cluster.name('sink-orders')}`),
};

function findBroker(cluster: ClusterRig, role: string): Promise<number> {
  return eventually(role, () => roles[role]?.(cluster));
}

/** Resolves while a transaction of the source is open or is being committed. */
async function awaitTransaction(cluster: ClusterRig): Promise<void> {
  const id = sourceId(cluster);
  await eventually(
    'the source has an open transaction',
    async () => /^(Ongoing|PrepareCommit)$/.test((await cluster.kafka.transaction(id))?.state ?? ''),
    { within: 120_000, every: 1 },
  );
}

/** Freezes the broker in a role for some seconds. Returns the broker that has the role afterwards. */
async function freeze(cluster: ClusterRig, role: string, random: Seeded): Promise<number> {
  const node = await findBroker(cluster, role);
  const broker = cluster.kafka.broker(node);
  const ms = random.between(FREEZE_MS.from, FREEZE_MS.to);
  await cluster.during(`broker ${node}, ${role}, freezes for ${ms} ms`, async () => {
    await awaitTransaction(cluster);
    await broker.stopProcess();
    await delay(ms);
    await broker.cont();
    await cluster.kafka.awaitInSync();
  });
  return findBroker(cluster, role);
}

/** Moves the partitions that a broker leads. Returns the new leader of the role, or the previous one. */
async function move(cluster: ClusterRig, role: string, random: Seeded): Promise<number> {
  const node = await findBroker(cluster, role);
  await cluster.during(`broker ${node}, ${role}, hands over its partitions`, async () => {
    await awaitTransaction(cluster);
    await eventually('leaders are moved', () => cluster.kafka.moveLeaders(node));
  });
  return random.between(0, 2) === 0 ? findBroker(cluster, role) : node;
}

/** Disturbances before a kill, chosen at random. Each returns the broker to kill. */
const beforeKill = [findBroker, findBroker, freeze, move];

async function lastEventId(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ id: string | null }>('select max(id)::text as id from events');
  return Number(row?.id ?? 0);
}

test(`a pipeline loses and duplicates nothing in ${KILLS} kills of leaders and coordinators during transactions`, {
  timeout: MINUTES * 60_000,
}, async () => {
  const random = seeded();
  const log = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);
  log(`MILLRACE_SEED=${random.seed} MILLRACE_KILLS=${KILLS}`);
  await using cluster = await TestCluster.startWith(ROWS, () => KafkaCluster.start());
  const { kafka, source, target } = cluster;
  await cluster.startWorker();
  await cluster.startWorker();
  await cluster.createPipeline();
  await using slot = await SlotWatch.start(cluster);
  // All written data is compared at the end, and must fit into memory.
  using load = keepLoading(source, TRANSACTIONS, PAUSE_MS);
  const act = async () => {
    await eventually('events arrive', async () => (await lastEventId(target)) > ROWS, { within: 120_000 });
    await kafka.awaitInSync();
    for (let kill = 1; kill <= KILLS; kill++) {
      const names = Object.keys(roles);
      const role = names[random.between(0, names.length)] as string;
      const step = beforeKill[random.between(0, beforeKill.length)] ?? findBroker;
      const atOnce = random.between(0, 2) === 0;
      const node = await step(cluster, role, random);
      const broker = kafka.broker(node);
      const back = atOnce ? 'at once' : 'when others have taken over';
      const before = step === findBroker ? '' : ` after a ${step.name}`;
      const name = `kill ${kill}: broker ${node}, ${role},${before} comes back ${back}`;
      log(name);
      await cluster.during(name, async () => {
        await awaitTransaction(cluster);
        await broker.kill9();
        if (!atOnce) {
          await kafka.awaitOtherLeaders(node);
          const last = await lastEventId(source);
          await eventually('events arrive without the broker', async () => (await lastEventId(target)) >= last, {
            within: 120_000,
            every: 200,
          });
        }
        await broker.restart();
        await kafka.awaitInSync();
      });
      if (kill % PROGRESS_EVERY === 0) log(`${kill} kills, ${await awaitProgress(cluster)} events arrived`);
    }
  };
  log(`${KILLS} kills, ${await verifyAfter(act, { cluster, load, slot, log })} events: 0 lost, 0 duplicated`);
});

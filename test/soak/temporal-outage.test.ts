import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { WorkerProcess } from '../../src/demo/worker-process.ts';
import { keepLoading } from '../chaos/load.ts';
import { recovery } from '../chaos/recovery.ts';
import { SlotWatch } from '../chaos/slot-watch.ts';
import { TestCluster } from '../chaos/test-cluster.ts';
import { verify } from '../chaos/verify.ts';
import { eventually } from '../support/eventually.ts';
import { residentBytes } from '../support/memory.ts';

/** MILLRACE_OUTAGE: minutes without Temporal, for each kind of outage. */
const MINUTES = Number(process.env['MILLRACE_OUTAGE'] ?? 30);
/** Transactions of ten changes per round. */
const TRANSACTIONS = 50;
const PAUSE_MS = 4000;
const PROBE_EVERY_MS = 5000;
/** A worker waits for Temporal for 8 s, at most twice per request. */
const ANSWER_MS = 20_000;
/** Milliseconds from the moment when Temporal answers again. */
const RUNNING_MS = 30_000;
/** Milliseconds to read the changes of the whole outage. */
const ARRIVED_MS = 60_000 + MINUTES * 10_000;
/** Maximum growth in bytes between the first and the last fifth of an outage. */
const GROWTH = 128 << 20;

const outages = {
  'is killed with -9': {
    begin: ({ temporal }: TestCluster) => temporal.kill9(),
    end: ({ temporal }: TestCluster) => temporal.restart(),
  },
  'is frozen': {
    begin: ({ temporal }: TestCluster) => temporal.stopProcess(),
    end: ({ temporal }: TestCluster) => temporal.cont(),
  },
};

test.each(Object.entries(outages))(
  `a pipeline loses and duplicates nothing when Temporal %s for ${MINUTES} minutes, and recovers by itself`,
  async (name, outage) => {
    await using cluster = await TestCluster.start(5000);
    await cluster.startWorker();
    await cluster.startWorker();
    await cluster.createPipeline();
    await cluster.workerOf('source');
    await using slot = await SlotWatch.start(cluster);
    using load = keepLoading(cluster.source, TRANSACTIONS, PAUSE_MS);
    await eventually('it streams', async () => (await cluster.targetEvents()) > 5500, { within: 60_000 });
    await cluster.during(`Temporal ${name}`, async () => {
      await outage.begin(cluster);
      await watch(cluster);
      await outage.end(cluster);
    });
    await recovery(cluster, { runningMs: RUNNING_MS, arrivedMs: ARRIVED_MS });
    await load.stop();
    await verify(cluster, slot);
  },
  (2 * MINUTES + 20) * 60_000,
);

/** Probes the workers continuously, and measures their memory. */
async function watch(cluster: TestCluster): Promise<void> {
  const end = performance.now() + MINUTES * 60_000;
  const weights: number[][] = cluster.workers.map(() => []);
  const [sent, arrived] = await Promise.all([cluster.sourceEvents(), cluster.targetEvents()]);
  let slowest = 0;
  for (let began = performance.now(); began < end; began = performance.now()) {
    const answers = await Promise.all(cluster.workers.map(worker => probe(cluster, worker)));
    slowest = Math.max(slowest, ...answers);
    for (const [i, { pid }] of cluster.workers.entries()) weights[i]?.push(await residentBytes(pid));
    await delay(Math.max(0, began + PROBE_EVERY_MS - performance.now()));
  }
  const moved = (await cluster.targetEvents()) - arrived;
  console.log(`${moved} of ${(await cluster.sourceEvents()) - sent} events arrived during the outage`);
  const growths = weights.map(growth);
  const megabytes = (bytes: number) => Math.round(bytes / (1 << 20));
  console.log(
    `slowest answer ${Math.round(slowest)} ms; resident ${weights.map(list => megabytes(list.at(-1) ?? 0))} MB, grown by ${growths.map(megabytes)} MB`,
  );
  expect(slowest).toBeLessThan(ANSWER_MS);
  expect(growths.filter(bytes => bytes > GROWTH)).toEqual([]);
}

/**
 * Returns milliseconds of the slowest answer. Requests that need Temporal must report that it is down; others must
 * succeed.
 */
async function probe(cluster: TestCluster, { url }: WorkerProcess): Promise<number> {
  const ask = async (method: string, path: string) => {
    const began = performance.now();
    const answer = await fetch(`${url}${path}`, { method, signal: AbortSignal.timeout(2 * ANSWER_MS) });
    return { status: answer.status, text: await answer.text(), ms: performance.now() - began };
  };
  const path = cluster.path('sink-events');
  const [root, metrics, ...controls] = await Promise.all([
    ask('GET', '/'),
    ask('GET', '/metrics'),
    ask('GET', '/connectors'),
    ask('GET', `${path}/status`),
    ask('PUT', `${path}/pause`),
    ask('POST', `${path}/restart?includeTasks=true`),
  ]);
  expect([root.status, metrics.status]).toEqual([200, 200]);
  for (const { status, text } of controls) {
    expect(status, text).toBe(503);
    expect(JSON.parse(text)).toEqual({
      error_code: 503,
      message: expect.stringContaining(`Temporal at ${cluster.temporal.address} does not answer`),
    });
  }
  return Math.max(root.ms, metrics.ms, ...controls.map(({ ms }) => ms));
}

/** Growth from the median of the first fifth to that of the last fifth. */
function growth(weights: readonly number[]): number {
  const fifth = Math.max(1, Math.floor(weights.length / 5));
  return median(weights.slice(-fifth)) - median(weights.slice(0, fifth));
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0;

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startStack } from '../stack/index.ts';
import { freePort } from '../stack/process/ports.ts';
import type { StatusInfo } from '../temporal/control/control.ts';
import { compare, type Difference, differs } from './compare.ts';
import { sinkConnector, sourceConnector, topic } from './connectors.ts';
import { watchLatency } from './latency.ts';
import { call } from './rest.ts';
import { screen } from './screen.ts';
import { createDatabases, openShop } from './shop.ts';
import { countDuplicates } from './topic-check.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

const help = `npm run demo [-- options]

Starts Temporal, Kafka, PostgreSQL and two workers, replicates a table under load through Kafka to another
database, and shows the progress. Ctrl-C stops everything.

  --seconds N   run for N seconds, kill a worker with -9 halfway, stop the writers, wait for the sink,
                compare row by row; exit status 0 only without missing, duplicate or different rows
  --rate N      transactions a second (400)
`;

const { values: options } = parseArgs({
  options: { seconds: { type: 'string' }, rate: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
if (options.help) {
  process.stdout.write(help);
  process.exit(0);
}
const seconds = options.seconds === undefined ? undefined : positive('--seconds', options.seconds);
const rate = options.rate === undefined ? 400 : positive('--rate', options.rate);

function positive(name: string, text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  process.stderr.write(`${name} must be a number above 0, not ${text}\n\n${help}`);
  process.exit(2);
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
const log = (line: string) => process.stderr.write(`${line}\n`);

await using cleanUp = new AsyncDisposableStack();
const stack = cleanUp.use(await startStack({ log }));
const folder = await mkdtemp(join(tmpdir(), 'millrace-demo-'));
cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
const databases = await createDatabases(stack.postgres.url);

log('starting two workers');
const properties = {
  'bootstrap.servers': stack.kafka.address,
  'group.id': 'demo',
  'offset.storage.topic': 'demo-offsets',
  'config.storage.topic': 'demo-configs',
  'status.storage.topic': 'demo-status',
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'temporal.address': stack.temporal.address,
};
const ports = [await freePort(), await freePort()];
let workers = await Promise.all(ports.map(port => startWorkerProcess(folder, port, properties)));
cleanUp.defer(async () => void (await Promise.all(workers.map(worker => worker.stop()))));
const anyUrl = () => (workers[0] as WorkerProcess).url;

const shop = openShop(databases.shop, { perSecond: rate });
for (const connector of [sourceConnector(databases.shop), sinkConnector(databases.warehouse)])
  await call('POST', `${anyUrl()}/connectors`, connector);
const latency = watchLatency(databases.warehouse, shop);

const display = screen({ temporal: stack.temporal.ui, rest: anyUrl });
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
let killed: WorkerProcess | undefined;
let difference: Difference | undefined;
let comparing: Promise<void> = Promise.resolve();

const statusOf = (name: string) =>
  call<StatusInfo>('GET', `${anyUrl()}/connectors/${name}/status`).catch(() => undefined);

while (!interrupted.signal.aborted && (seconds === undefined || elapsed() < seconds)) {
  const [source, sink] = await Promise.all([statusOf('shop-source'), statusOf('warehouse-sink')]);
  if (Math.floor(elapsed()) % 5 === 4)
    comparing = comparing.then(async () => {
      difference = await compare(databases.shop, databases.warehouse).catch(() => difference);
    });
  display.show({ elapsed: elapsed(), shop, source, sink, latency: latency.takeRecent(), difference, note: note() });
  if (seconds !== undefined && killed === undefined && elapsed() > seconds / 2) {
    killed = workers.find(worker => worker.id === source?.tasks[0]?.worker_id) ?? workers[0];
    workers = workers.filter(worker => worker !== killed);
    await killed?.kill9();
  }
  await delay(1000, undefined, { signal: interrupted.signal }).catch(() => {});
}
await comparing;
await shop.stop();
if (interrupted.signal.aborted) {
  await latency.stop();
  log('\nstopping');
} else process.exitCode = await conclude();

function note(): string {
  return killed === undefined ? '' : `worker ${killed.id} was killed with -9; its tasks run on ${anyUrl().slice(7)}`;
}

/** Waits until the sink has caught up, compares, prints the result and returns the exit status. */
async function conclude(): Promise<number> {
  const deadline = performance.now() + 60_000;
  let last = await compare(databases.shop, databases.warehouse);
  while (differs(last) && performance.now() < deadline && !interrupted.signal.aborted) {
    await delay(250);
    last = await compare(databases.shop, databases.warehouse);
  }
  await latency.stop();
  const { records, duplicates } = await countDuplicates(stack.kafka.address, topic);
  const { p50, p99 } = latency.total();
  const passed = !differs(last) && duplicates === 0;
  process.stdout.write(
    `${passed ? 'OK' : 'WRONG'}: ${last.rows} rows compared, ${last.missing} missing, ${last.extra} too many, ${last.different} different; ` +
      `${records} changes in Kafka, ${duplicates} duplicates; ${shop.inserted} inserts, ${shop.updated} updates, ${shop.deleted} deletes ` +
      `in ${Math.round(elapsed())} s; commit to sink p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms; worker killed with -9: ${killed === undefined ? 'no' : 'once'}\n`,
  );
  return passed ? 0 : 1;
}

import { setTimeout as delay } from 'node:timers/promises';
import { call } from '../../src/demo/rest.ts';
import type { Seeded } from '../support/seed.ts';
import { connectors, type Role, type TestCluster } from './test-cluster.ts';

/** A fault; the promise resolves when its cause has been removed. */
export type Fault = (cluster: TestCluster, random: Seeded) => Promise<void>;

/** Faults of servers. */
export const serverFaults: Readonly<Record<string, Fault>> = {
  'the broker is killed with -9 and comes back': async ({ kafka }) => {
    await kafka.kill9();
    await kafka.restart();
  },
  'the broker freezes for a few seconds': async ({ kafka }) => {
    await kafka.stopProcess();
    await delay(4000);
    await kafka.cont();
  },
  'PostgreSQL restarts': ({ postgres }) => postgres.restart(),
  'PostgreSQL is killed with -9 and comes back': async ({ postgres }) => {
    await postgres.kill9();
    await postgres.restart();
  },
  'Temporal is killed with -9 and comes back': async ({ temporal }) => {
    await temporal.kill9();
    await temporal.restart();
  },
};

/** Faults of workers and connections, and user actions. */
export const otherFaults: Readonly<Record<string, Fault>> = {
  'a worker is killed with -9 and replaced': async (cluster, random) => {
    const worker = cluster.workers[random.between(0, cluster.workers.length)];
    if (worker !== undefined) await cluster.replaceWorker(worker);
  },
  'a worker freezes and resumes': async (cluster, random) => {
    const worker = cluster.workers[random.between(0, cluster.workers.length)];
    if (worker === undefined) return;
    process.kill(worker.pid, 'SIGSTOP');
    await delay(random.between(1000, 25_000));
    process.kill(worker.pid, 'SIGCONT');
  },
  'a worker stops and another starts': async (cluster, random) => {
    const [worker] = cluster.workers.splice(random.between(0, cluster.workers.length), 1);
    await cluster.startWorker();
    await worker?.stop();
  },
  'Temporal freezes for a while': async ({ temporal }, random) => {
    await temporal.stopProcess();
    await delay(random.between(1000, 15_000));
    await temporal.cont();
  },
  'connections to PostgreSQL are cut': async cluster => {
    const cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'millrace%'";
    // A server that is down has no connections.
    await cluster.source.query(cut).catch(() => undefined);
  },
  'a connector is paused and resumed': async (cluster, random) => {
    const role = connectors[random.between(0, connectors.length)] as Role;
    await cluster.request(url => call('PUT', `${url}${cluster.path(role)}/pause`));
    await delay(random.between(0, 3000));
    await cluster.request(url => call('PUT', `${url}${cluster.path(role)}/resume`));
  },
  'a connector is restarted with its tasks': async (cluster, random) => {
    const role = connectors[random.between(0, connectors.length)] as Role;
    await cluster.request(url => call('POST', `${url}${cluster.path(role)}/restart?includeTasks=true`));
  },
};

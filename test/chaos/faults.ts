import { setTimeout as delay } from 'node:timers/promises';
import { call } from '../../src/demo/rest.ts';
import type { Seeded } from '../support/seed.ts';
import { connectors, type Rig, type Role } from './test-cluster.ts';

/** A fault; the promise resolves when its cause has been removed. */
export type Trouble = (rig: Rig, random: Seeded) => Promise<void>;

/** Faults of servers. */
export const serverTroubles: Readonly<Record<string, Trouble>> = {
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
export const otherTroubles: Readonly<Record<string, Trouble>> = {
  'a worker is killed with -9 and replaced': async (rig, random) => {
    const worker = rig.workers[random.between(0, rig.workers.length)];
    if (worker !== undefined) await rig.replaceWorker(worker);
  },
  'a worker freezes and resumes': async (rig, random) => {
    const worker = rig.workers[random.between(0, rig.workers.length)];
    if (worker === undefined) return;
    process.kill(worker.pid, 'SIGSTOP');
    await delay(random.between(1000, 25_000));
    process.kill(worker.pid, 'SIGCONT');
  },
  'a worker stops and another starts': async (rig, random) => {
    const [worker] = rig.workers.splice(random.between(0, rig.workers.length), 1);
    await rig.startWorker();
    await worker?.stop();
  },
  'Temporal freezes for a while': async ({ temporal }, random) => {
    await temporal.stopProcess();
    await delay(random.between(1000, 15_000));
    await temporal.cont();
  },
  'connections to PostgreSQL are cut': async rig => {
    const cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'millrace%'";
    // A server that is down has no connections.
    await rig.source.query(cut).catch(() => undefined);
  },
  'a connector is paused and resumed': async (rig, random) => {
    const role = connectors[random.between(0, connectors.length)] as Role;
    await rig.ask(url => call('PUT', `${url}${rig.path(role)}/pause`));
    await delay(random.between(0, 3000));
    await rig.ask(url => call('PUT', `${url}${rig.path(role)}/resume`));
  },
  'a connector is restarted with its tasks': async (rig, random) => {
    const role = connectors[random.between(0, connectors.length)] as Role;
    await rig.ask(url => call('POST', `${url}${rig.path(role)}/restart?includeTasks=true`));
  },
};

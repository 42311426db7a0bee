import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../src/temporal/control/control.ts';
import { eventually } from './eventually.ts';
import { servers } from './servers.ts';
import { uniqueName } from './topic.ts';

/** Worker processes with one group.id on the test servers: `await using group = await WorkerGroup.start('orders')`. */
export class WorkerGroup implements AsyncDisposable {
  readonly id: string;
  readonly folder: string;
  readonly workers: WorkerProcess[] = [];

  private constructor(id: string, folder: string) {
    this.id = id;
    this.folder = folder;
  }

  /** count: initial number of workers. */
  static async start(prefix: string, count = 1): Promise<WorkerGroup> {
    const group = new WorkerGroup(uniqueName(prefix), await mkdtemp(join(tmpdir(), 'millrace-group-')));
    try {
      await Promise.all(Array.from({ length: count }, () => group.add()));
    } catch (error) {
      await group[Symbol.asyncDispose]();
      throw error;
    }
    return group;
  }

  /** properties: override those of the group. */
  async add(properties: Readonly<Record<string, string>> = {}): Promise<WorkerProcess> {
    const worker = await startWorkerProcess(this.folder, await freePort(), { ...this.properties, ...properties });
    this.workers.push(worker);
    return worker;
  }

  get properties(): Readonly<Record<string, string>> {
    return {
      'bootstrap.servers': servers().kafka,
      'group.id': this.id,
      'offset.storage.topic': `${this.id}-offsets`,
      'config.storage.topic': `${this.id}-configs`,
      'temporal.address': servers().temporal,
    };
  }

  /** Sends a REST request to `worker`; default: the first worker. */
  request<T = Record<string, never>>(method: string, path: string, body?: unknown, of = this.workers[0]): Promise<T> {
    return call<T>(method, `${of?.url}/connectors${path}`, body);
  }

  status(name: string, of?: WorkerProcess): Promise<StatusInfo> {
    return this.request<StatusInfo>('GET', `/${encodeURIComponent(name)}/status`, undefined, of);
  }

  create(name: string, config: Readonly<Record<string, string>>): Promise<unknown> {
    return this.request('POST', '', { name, config });
  }

  /** Returns the worker that runs the connector's first task, after waiting for the task to run. */
  async workerOf(name: string, of?: WorkerProcess): Promise<WorkerProcess> {
    const id = await eventually(`${name} runs`, async () => {
      const [task] = (await this.status(name, of)).tasks;
      return task?.state === 'RUNNING' ? task.worker_id : undefined;
    });
    const worker = this.workers.find(one => one.id === id);
    if (worker === undefined) throw new Error(`${name} runs on ${id}, which is not a worker of this group`);
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map(worker => worker.kill9()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../src/temporal/control/control.ts';
import { eventually } from './eventually.ts';
import { servers } from './servers.ts';
import { uniqueName } from './topic.ts';

type TaskInfo = StatusInfo['tasks'][number];

/** A worker process in its own cluster, with the calls that most tests make. */
export class TestWorker implements AsyncDisposable {
  readonly process: WorkerProcess;
  /** Properties of the worker; it shares its topics with no other worker. */
  readonly properties: Readonly<Record<string, string>>;
  /** Deleted with the worker. */
  readonly folder: string;

  private constructor(process: WorkerProcess, properties: Readonly<Record<string, string>>, folder: string) {
    this.process = process;
    this.properties = properties;
    this.folder = folder;
  }

  /**
   * prefix: of the cluster's name. more: additional worker properties; receives the worker's folder. args: of the
   * command.
   */
  static async start(
    prefix: string,
    more: (folder: string) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>> = () => ({}),
    args: readonly string[] = [],
  ): Promise<TestWorker> {
    const folder = await mkdtemp(join(tmpdir(), `millrace-${prefix}-`));
    const group = uniqueName(prefix);
    const properties = {
      'bootstrap.servers': servers().kafka,
      'temporal.address': servers().temporal,
      'group.id': group,
      'offset.storage.topic': `${group}-offsets`,
      'config.storage.topic': `${group}-configs`,
      'status.storage.topic': `${group}-status`,
      'key.converter': 'StringConverter',
      'value.converter': 'StringConverter',
      ...(await more(folder)),
    };
    return new TestWorker(await startWorkerProcess(folder, await freePort(), properties, { args }), properties, folder);
  }

  get url(): string {
    return this.process.url;
  }

  /** Calls the worker's REST API. */
  call<T>(method: string, path: string, body?: unknown): Promise<T> {
    return call<T>(method, `${this.url}${path}`, body);
  }

  async create(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    await this.call('POST', '/connectors', { name, config });
  }

  async task(name: string, id = 0): Promise<TaskInfo | undefined> {
    const { tasks } = await this.call<StatusInfo>('GET', `/connectors/${encodeURIComponent(name)}/status`);
    return tasks.find(task => task.id === id);
  }

  /** Resolves with the task when it has the state. */
  awaitState(name: string, state: TaskInfo['state'], within = 30_000): Promise<TaskInfo> {
    const shown = async () => {
      const task = await this.task(name);
      return task?.state === state ? task : Promise.reject(new Error(JSON.stringify(task)));
    };
    return eventually(`the task of ${name} is ${state}`, shown, { within });
  }

  log(): Promise<string> {
    return readFile(join(this.folder, `worker-${new URL(this.url).port}.log`), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../../src/demo/rest.ts';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { type ManagedServer, startKafka, startPostgres, startTemporal } from '../../src/stack/index.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import type { StatusInfo } from '../../src/temporal/control/control.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { modes } from '../support/round-trip.ts';
import { uniqueName } from '../support/topic.ts';
import { createLoad } from './load.ts';
import type { FaultSpan } from './slot-check.ts';
import { createTyped } from './typed-table.ts';

const draw = generator(import.meta.url);

/** Connectors of the pipeline, by role. */
export const connectors = ['source', 'sink-orders', 'sink-events', 'sink-typed'] as const;
export type Role = (typeof connectors)[number];

/** Functions that start the servers; default: native servers. */
interface TestServers {
  readonly kafka: () => ReturnType<typeof startKafka>;
  readonly postgres: () => ReturnType<typeof startPostgres>;
  readonly temporal: () => ReturnType<typeof startTemporal>;
}

/** Kafka of a test cluster: one broker or several. */
export interface TestKafka {
  /** host:port of each broker, separated by commas. */
  readonly address: string;
  stop(): Promise<void>;
}

/** Servers that may be killed, a pipeline between two databases, and workers. */
export class TestCluster<Kafka extends TestKafka = ManagedServer> implements AsyncDisposable {
  readonly kafka: Kafka;
  readonly postgres: Awaited<ReturnType<typeof startPostgres>>;
  readonly temporal: Awaited<ReturnType<typeof startTemporal>>;
  readonly source: TestDatabase;
  readonly target: TestDatabase;
  readonly prefix = uniqueName('chaos');
  readonly slot = this.prefix;
  readonly #names = new Map<Role, string>(connectors.map(role => [role, draw.connectorName()]));
  readonly workers: WorkerProcess[] = [];
  readonly faults: FaultSpan[] = [];
  readonly #folder: string;

  private constructor(
    parts: Pick<TestCluster<Kafka>, 'kafka' | 'postgres' | 'temporal' | 'source' | 'target'> & { folder: string },
  ) {
    this.kafka = parts.kafka;
    this.postgres = parts.postgres;
    this.temporal = parts.temporal;
    this.source = parts.source;
    this.target = parts.target;
    this.#folder = parts.folder;
  }

  /** rows: initial number of orders and of events. */
  static start(rows: number, { kafka = startKafka, ...others }: Partial<TestServers> = {}): Promise<TestCluster> {
    return TestCluster.startWith(rows, kafka, others);
  }

  static async startWith<Kafka extends TestKafka>(
    rows: number,
    start: () => Promise<Kafka>,
    servers: Partial<Omit<TestServers, 'kafka'>> = {},
  ): Promise<TestCluster<Kafka>> {
    const [kafka, postgres, temporal, folder] = await Promise.all([
      start(),
      (servers.postgres ?? startPostgres)(),
      (servers.temporal ?? startTemporal)(),
      mkdtemp(join(tmpdir(), 'millrace-chaos-')),
    ]);
    const [source, target] = await Promise.all([
      createDatabase('source', postgres),
      createDatabase('target', postgres),
    ]);
    await createLoad(source, rows);
    await createTyped(draw, source, target);
    return new TestCluster({ kafka, postgres, temporal, source, target, folder });
  }

  /** env: environment variables added to those of this process. */
  async startWorker(env: NodeJS.ProcessEnv = {}): Promise<WorkerProcess> {
    const properties = {
      'bootstrap.servers': this.kafka.address,
      'group.id': this.prefix,
      'offset.storage.topic': this.offsetsTopic,
      'config.storage.topic': `${this.prefix}-configs`,
      'status.storage.topic': `${this.prefix}-status`,
      'temporal.address': this.temporal.address,
    };
    const worker = await startWorkerProcess(this.#folder, await freePort(), properties, { env });
    this.workers.push(worker);
    return worker;
  }

  /** Records a fault and its time span, for reports. */
  async during<T>(name: string, trouble: () => Promise<T>): Promise<T> {
    const span: FaultSpan = { name, from: Date.now() };
    this.faults.push(span);
    try {
      return await trouble();
    } finally {
      span.until = Date.now();
    }
  }

  /** Kills a worker with SIGKILL and starts another one. */
  async replaceWorker(worker: WorkerProcess): Promise<WorkerProcess> {
    await worker.kill9();
    this.workers.splice(this.workers.indexOf(worker), 1);
    return this.startWorker();
  }

  get url(): string {
    const [worker] = this.workers;
    if (worker === undefined) throw new Error('no worker runs');
    return worker.url;
  }

  /** Sends a request to any worker, retrying while servers are down. */
  request<T>(request: (url: string) => Promise<T>): Promise<T> {
    return eventually('a worker answers', async () => ({ answer: await request(this.url) }), {
      within: 120_000,
      every: 500,
    }).then(({ answer }) => answer);
  }

  /** sink: additional settings of all sinks. */
  async createPipeline(sink: Readonly<Record<string, string>> = {}): Promise<void> {
    const { host, port, user, password } = this.source.connection;
    await call('POST', `${this.url}/connectors`, {
      name: this.name('source'),
      config: {
        'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
        'database.hostname': host,
        'database.port': String(port),
        'database.user': user,
        'database.password': password || 'unused',
        'database.dbname': this.source.name,
        'slot.name': this.slot,
        'publication.name': this.prefix,
        'publication.autocreate.mode': 'filtered',
        'topic.prefix': this.prefix,
        'table.include.list': 'public.orders,public.events,public.typed',
        'snapshot.max.threads': '2',
        ...draw.value(modes),
      },
    });
    for (const table of ['orders', 'events', 'typed'] as const)
      await call('POST', `${this.url}/connectors`, {
        name: this.name(`sink-${table}`),
        config: {
          'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
          'connection.url': `jdbc:postgresql://${host}:${port}/${this.target.name}`,
          'connection.user': user,
          'connection.password': password || 'unused',
          topics: this.topic(table),
          'table.name.format': table,
          'insert.mode': 'upsert',
          'pk.mode': 'record_key',
          'delete.enabled': 'true',
          'auto.create': 'true',
          ...sink,
        },
      });
  }

  get offsetsTopic(): string {
    return `${this.prefix}-offsets`;
  }

  topic(table: string): string {
    return `${this.prefix}.public.${table}`;
  }

  /** Name of a connector. */
  name(role: Role): string {
    return this.#names.get(role) ?? role;
  }

  /** Path of a connector in the REST API. */
  path(role: Role): string {
    return `/connectors/${encodeURIComponent(this.name(role))}`;
  }

  status(role: Role): Promise<StatusInfo> {
    return call<StatusInfo>('GET', `${this.url}${this.path(role)}/status`);
  }

  /** Waits until the connector's task 0 runs, and returns host:port of its worker. */
  workerOf(role: Role): Promise<string> {
    return eventually(`${role} runs`, async () => {
      const [task] = (await this.status(role)).tasks;
      return task?.state === 'RUNNING' ? task.worker_id : undefined;
    });
  }

  /** Number of rows of the source's `events`. */
  async sourceEvents(): Promise<number> {
    const [row] = await this.source.query<{ count: string }>('select count(*) from events');
    return Number(row?.count);
  }

  /** Number of rows of the target's `events`; 0 until the table exists. */
  async targetEvents(): Promise<number> {
    const [row] = await this.target
      .query<{ count: string }>('select count(*) from events')
      .catch(() => [{ count: '0' }]);
    return Number(row?.count ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map(worker => worker.kill9()));
    await Promise.allSettled([this.source.drop(), this.target.drop()]);
    await Promise.all([this.kafka.stop(), this.postgres.stop(), this.temporal.stop()]);
    // Logs of the workers help to analyse a failure.
    if (process.env['MILLRACE_KEEP_LOGS']) console.log(`logs: ${this.#folder}`);
    else await rm(this.#folder, { recursive: true, force: true });
  }
}

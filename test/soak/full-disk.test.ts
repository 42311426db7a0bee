import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { expect, type TestContext, test } from 'vitest';
import { call } from '../../src/demo/rest.ts';
import { type Server, startKafka, startPostgres } from '../../src/stack/index.ts';
import { unprivilegedUser } from '../../src/stack/process/system-user.ts';
import { checkNoDeadLetters, skipBadRecords } from '../chaos/dead-letters.ts';
import { keepLoading, type SteadyLoad } from '../chaos/load.ts';
import { type RecoveryLimits, recovery } from '../chaos/recovery.ts';
import { SlotWatch } from '../chaos/slot-watch.ts';
import { TestCluster } from '../chaos/test-cluster.ts';
import { verify } from '../chaos/verify.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { mountRefusal, SmallDisk } from '../support/small-disk.ts';
import { uniqueName } from '../support/topic.ts';

const draw = generator(import.meta.url);

const MINUTE_MS = 60_000;
/** Transactions of ten changes per round. */
const TRANSACTIONS = 50;
const PAUSE_MS = 2000;
/** Milliseconds that a disk stays full after data has stopped flowing. */
const FULL_MS = 20_000;
/**
 * Limits from the moment when space is free and the server answers. A task that failed repeatedly pauses for half a
 * minute.
 */
const LIMITS: RecoveryLimits = { runningMs: 60_000, arrivedMs: 60_000 };

async function skipWithoutDisks({ skip }: TestContext): Promise<void> {
  const refusal = await mountRefusal();
  if (refusal !== undefined) skip(refusal);
}

/** Throws for a server in a container, whose data is on another disk. */
function skipInContainer({ skip }: TestContext, { service, origin }: Server): void {
  if (origin !== 'native') skip(`${service} does not run as a native program`);
}

/** A pipeline under load. */
class Pipeline {
  readonly cluster: TestCluster;
  readonly load: SteadyLoad;
  readonly #letters: string;

  private constructor(cluster: TestCluster, load: SteadyLoad, letters: string) {
    this.cluster = cluster;
    this.load = load;
    this.#letters = letters;
  }

  static async start(cluster: TestCluster): Promise<Pipeline> {
    const letters = uniqueName('letters');
    await cluster.startWorker();
    await cluster.startWorker();
    await cluster.createPipeline(skipBadRecords(letters));
    await cluster.workerOf('source');
    return new Pipeline(cluster, keepLoading(cluster.source, TRANSACTIONS, PAUSE_MS), letters);
  }

  async awaitStreaming(): Promise<void> {
    await eventually('it streams', async () => (await this.cluster.targetEvents()) > 6000, { within: MINUTE_MS });
  }

  /** Waits until no event has arrived for five seconds. */
  async awaitStall(): Promise<void> {
    let [last, since] = [0, performance.now()];
    await eventually(
      'data has stopped flowing',
      async () => {
        const arrived = await this.cluster.targetEvents();
        if (arrived > last) [last, since] = [arrived, performance.now()];
        return performance.now() - since > 5000;
      },
      { within: 3 * MINUTE_MS, every: 500 },
    );
  }

  /** Stops the load and compares both databases. */
  async verify(slot: SlotWatch): Promise<void> {
    await this.load.stop();
    await verify(this.cluster, slot);
    await checkNoDeadLetters(this.cluster, this.#letters);
  }
}

test(
  "a pipeline loses and duplicates nothing when Kafka's disk is full, and resumes by itself",
  async context => {
    await skipWithoutDisks(context);
    await using disk = await SmallDisk.mount(1 << 30);
    await using cluster = await TestCluster.start(5000, {
      kafka: () => startKafka({ dataDir: join(disk.folder, 'kafka') }),
    });
    skipInContainer(context, cluster.kafka);
    const pipeline = await Pipeline.start(cluster);
    using _load = pipeline.load;
    await using slot = await SlotWatch.start(cluster);
    await pipeline.awaitStreaming();
    await cluster.during('the disk of Kafka is full', async () => {
      await disk.fill();
      await pipeline.awaitStall();
      console.log(cluster.kafka.pid === undefined ? 'the broker has ended' : 'the broker still runs');
      await delay(FULL_MS);
      await disk.free();
      await cluster.kafka.restart();
    });
    await recovery(cluster, LIMITS);
    await pipeline.verify(slot);
  },
  15 * MINUTE_MS,
);

test(
  'a pipeline loses and duplicates nothing when the disk of PostgreSQL is full, and resumes by itself',
  async context => {
    await skipWithoutDisks(context);
    await using disk = await SmallDisk.mount(1 << 30);
    await using cluster = await TestCluster.start(5000, {
      postgres: () => startPostgres({ dataDir: join(disk.folder, 'postgres') }),
    });
    skipInContainer(context, cluster.postgres);
    const pipeline = await Pipeline.start(cluster);
    using _load = pipeline.load;
    await using slot = await SlotWatch.start(cluster);
    await pipeline.awaitStreaming();
    await cluster.during('the disk of PostgreSQL is full', async () => {
      await disk.fill();
      // Statements fail before the server does: their data needs space while the log still has some.
      await pipeline.awaitStall();
      await fillLog(cluster.source);
      await delay(FULL_MS);
      console.log(cluster.postgres.pid === undefined ? 'PostgreSQL has ended' : 'PostgreSQL still runs');
      await disk.free();
      await cluster.postgres.restart();
    });
    await recovery(cluster, LIMITS);
    await pipeline.verify(slot);
  },
  15 * MINUTE_MS,
);

test(
  'a full disk of a tablespace or a file causes no bad records',
  async context => {
    await skipWithoutDisks(context);
    const owner = await unprivilegedUser('postgres');
    await using tables = await SmallDisk.mount(64 << 20, owner);
    await using files = await SmallDisk.mount(256 << 20);
    await using cluster = await TestCluster.start(5000);
    skipInContainer(context, cluster.postgres);
    await cluster.source.query(`create tablespace small location '${tables.folder}'`);
    await cluster.source.query(`alter database ${cluster.target.name} set default_tablespace = small`);
    const pipeline = await Pipeline.start(cluster);
    using _load = pipeline.load;
    await using slot = await SlotWatch.start(cluster);
    const [name, file] = [draw.sinkName(), join(files.folder, 'events')];
    await call('POST', `${cluster.url}/connectors`, {
      name,
      config: {
        'connector.class': 'FileStreamSink',
        file,
        topics: cluster.topic('events'),
        'value.converter': 'StringConverter',
        'errors.tolerance': 'all',
      },
    });
    const taskOfFile = async () => {
      const status = await call<Awaited<ReturnType<TestCluster['status']>>>(
        'GET',
        `${cluster.url}/connectors/${encodeURIComponent(name)}/status`,
      );
      return status.tasks[0];
    };
    await pipeline.awaitStreaming();
    await cluster.during('the disks of the tablespace and the file are full', async () => {
      await Promise.all([tables.fill(), files.fill()]);
      await eventually('the database reports it', async () => {
        const [task] = (await cluster.status('sink-events')).tasks;
        return task?.last_failure?.includes('53100');
      });
      await eventually('the file system reports it', async () =>
        (await taskOfFile())?.last_failure?.includes('ENOSPC'),
      );
      await delay(FULL_MS);
      await Promise.all([tables.free(), files.free()]);
    });
    await recovery(cluster, LIMITS);
    await eventually('the file is written again', async () => (await taskOfFile())?.state === 'RUNNING', {
      within: LIMITS.runningMs,
    });
    await pipeline.verify(slot);
    const sent = await cluster.sourceEvents();
    const ids = () => idsIn(file);
    await eventually('the file has all events', async () => (await ids()).length >= sent, {
      within: LIMITS.arrivedMs,
      every: 1000,
    });
    const arrivedIds = await ids();
    expect([arrivedIds.length, new Set(arrivedIds).size]).toEqual([sent, sent]);
  },
  15 * MINUTE_MS,
);

/** Makes PostgreSQL start log segments until there is no space for one, which is a PANIC. */
async function fillLog(database: TestDatabase): Promise<void> {
  const begin = () =>
    database.query("select pg_create_restore_point('full'), pg_switch_wal()").then(() => false, isPanic);
  await eventually('PostgreSQL has no space for its log', begin, { within: MINUTE_MS });
}

/** The connection ended with the statement, or together with its server. */
const isPanic = (error: unknown): boolean =>
  !(error instanceof pg.DatabaseError) || /^57P0/.test(error.code ?? '') || error.severity === 'PANIC';

/** Ids of the events in complete lines of a file. */
async function idsIn(file: string): Promise<number[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.slice(0, -1).map(line => {
    const { payload } = JSON.parse(line) as { payload: { after: { id: number } } };
    return payload.after.id;
  });
}

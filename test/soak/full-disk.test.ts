import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { expect, type TestContext, test } from 'vitest';
import { call } from '../../src/demo/rest.ts';
import { type Server, startKafka, startPostgres } from '../../src/stack/index.ts';
import { unprivilegedUser } from '../../src/stack/process/system-user.ts';
import { checkNothingLeftOut, tolerance } from '../chaos/dead-letters.ts';
import { keepLoading, type SteadyLoad } from '../chaos/load.ts';
import { type RecoveryLimits, recovery } from '../chaos/recovery.ts';
import { SlotWatch } from '../chaos/slot-watch.ts';
import { Rig } from '../chaos/test-cluster.ts';
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

async function needsDisks({ skip }: TestContext): Promise<void> {
  const refusal = await mountRefusal();
  if (refusal !== undefined) skip(refusal);
}

/** Throws for a server in a container, whose data is on another disk. */
function needsProgram({ skip }: TestContext, { service, origin }: Server): void {
  if (origin !== 'native') skip(`${service} does not run as a native program`);
}

/** A pipeline under load. */
class Pipeline {
  readonly rig: Rig;
  readonly load: SteadyLoad;
  readonly #letters: string;

  private constructor(rig: Rig, load: SteadyLoad, letters: string) {
    this.rig = rig;
    this.load = load;
    this.#letters = letters;
  }

  static async start(rig: Rig): Promise<Pipeline> {
    const letters = uniqueName('letters');
    await rig.startWorker();
    await rig.startWorker();
    await rig.createPipeline(tolerance(letters));
    await rig.holder('source');
    return new Pipeline(rig, keepLoading(rig.source, TRANSACTIONS, PAUSE_MS), letters);
  }

  async streams(): Promise<void> {
    await eventually('it streams', async () => (await this.rig.arrived()) > 6000, { within: MINUTE_MS });
  }

  /** Waits until no event has arrived for five seconds. */
  async stalls(): Promise<void> {
    let [last, since] = [0, performance.now()];
    await eventually(
      'data has stopped flowing',
      async () => {
        const arrived = await this.rig.arrived();
        if (arrived > last) [last, since] = [arrived, performance.now()];
        return performance.now() - since > 5000;
      },
      { within: 3 * MINUTE_MS, every: 500 },
    );
  }

  /** Stops the load and compares both databases. */
  async verify(slot: SlotWatch): Promise<void> {
    await this.load.stop();
    await verify(this.rig, slot);
    await checkNothingLeftOut(this.rig, this.#letters);
  }
}

test(
  "a pipeline loses and duplicates nothing when Kafka's disk is full, and resumes by itself",
  async context => {
    await needsDisks(context);
    await using disk = await SmallDisk.mount(1 << 30);
    await using rig = await Rig.start(5000, { kafka: () => startKafka({ dataDir: join(disk.folder, 'kafka') }) });
    needsProgram(context, rig.kafka);
    const pipeline = await Pipeline.start(rig);
    using _load = pipeline.load;
    await using slot = await SlotWatch.start(rig);
    await pipeline.streams();
    await rig.during('the disk of Kafka is full', async () => {
      await disk.fill();
      await pipeline.stalls();
      console.log(rig.kafka.pid === undefined ? 'the broker has ended' : 'the broker still runs');
      await delay(FULL_MS);
      await disk.free();
      await rig.kafka.restart();
    });
    await recovery(rig, LIMITS);
    await pipeline.verify(slot);
  },
  15 * MINUTE_MS,
);

test(
  'a pipeline loses and duplicates nothing when the disk of PostgreSQL is full, and resumes by itself',
  async context => {
    await needsDisks(context);
    await using disk = await SmallDisk.mount(1 << 30);
    await using rig = await Rig.start(5000, {
      postgres: () => startPostgres({ dataDir: join(disk.folder, 'postgres') }),
    });
    needsProgram(context, rig.postgres);
    const pipeline = await Pipeline.start(rig);
    using _load = pipeline.load;
    await using slot = await SlotWatch.start(rig);
    await pipeline.streams();
    await rig.during('the disk of PostgreSQL is full', async () => {
      await disk.fill();
      // Statements fail before the server does: their data needs space while the log still has some.
      await pipeline.stalls();
      await fillLog(rig.source);
      await delay(FULL_MS);
      console.log(rig.postgres.pid === undefined ? 'PostgreSQL has ended' : 'PostgreSQL still runs');
      await disk.free();
      await rig.postgres.restart();
    });
    await recovery(rig, LIMITS);
    await pipeline.verify(slot);
  },
  15 * MINUTE_MS,
);

test(
  'a full disk of a tablespace or a file causes no bad records',
  async context => {
    await needsDisks(context);
    const owner = await unprivilegedUser('postgres');
    await using tables = await SmallDisk.mount(64 << 20, owner);
    await using files = await SmallDisk.mount(256 << 20);
    await using rig = await Rig.start(5000);
    needsProgram(context, rig.postgres);
    await rig.source.query(`create tablespace small location '${tables.folder}'`);
    await rig.source.query(`alter database ${rig.target.name} set default_tablespace = small`);
    const pipeline = await Pipeline.start(rig);
    using _load = pipeline.load;
    await using slot = await SlotWatch.start(rig);
    const [name, file] = [draw.sinkName(), join(files.folder, 'events')];
    await call('POST', `${rig.url}/connectors`, {
      name,
      config: {
        'connector.class': 'FileStreamSink',
        file,
        topics: rig.topic('events'),
        'value.converter': 'StringConverter',
        'errors.tolerance': 'all',
      },
    });
    const taskOfFile = async () => {
      const status = await call<Awaited<ReturnType<Rig['status']>>>(
        'GET',
        `${rig.url}/connectors/${encodeURIComponent(name)}/status`,
      );
      return status.tasks[0];
    };
    await pipeline.streams();
    await rig.during('the disks of the tablespace and the file are full', async () => {
      await Promise.all([tables.fill(), files.fill()]);
      await eventually('the database reports it', async () => {
        const [task] = (await rig.status('sink-events')).tasks;
        return task?.last_failure?.includes('53100');
      });
      await eventually('the file system reports it', async () => (await taskOfFile())?.last_failure?.includes('ENOSPC'));
      await delay(FULL_MS);
      await Promise.all([tables.free(), files.free()]);
    });
    await recovery(rig, LIMITS);
    await eventually('the file is written again', async () => (await taskOfFile())?.state === 'RUNNING', {
      within: LIMITS.runningMs,
    });
    await pipeline.verify(slot);
    const sent = await rig.sent();
    const ids = () => idsIn(file);
    await eventually('the file has all events', async () => (await ids()).length >= sent, {
      within: LIMITS.arrivedMs,
      every: 1000,
    });
    const found = await ids();
    expect([found.length, new Set(found).size]).toEqual([sent, sent]);
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

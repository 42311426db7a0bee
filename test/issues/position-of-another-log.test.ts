import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { PostgresFiles } from '../support/postgres-files.ts';
import { uniqueName } from '../support/topic.ts';
import { topicRecords } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/*
 * A connector whose position belongs to another server than its database: a restored copy, a promoted standby, a new
 * server. Commits of such a server have LSNs that the position counts as read.
 */
const draw = generator(import.meta.url);
let worker: TestWorker;
beforeAll(async () => {
  worker = await TestWorker.start('another-log');
});
afterAll(() => worker?.[Symbol.asyncDispose]());

interface Offsets {
  readonly offsets: { partition: Record<string, unknown>; offset: Record<string, unknown> }[];
}

/** A connector of table `t` on a server of its own. */
class Capture {
  readonly name = draw.connectorName();
  readonly slot = uniqueName('log');
  readonly files: PostgresFiles;
  readonly #more: Record<string, string>;

  constructor(files: PostgresFiles, more: Record<string, string> = {}) {
    this.files = files;
    this.#more = more;
  }

  config(more: Record<string, string> = {}): Record<string, string> {
    return {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.hostname': '127.0.0.1',
      'database.port': String(this.files.port),
      'database.user': 'postgres',
      'database.password': 'unused',
      'database.dbname': 'postgres',
      'topic.prefix': this.slot,
      'slot.name': this.slot,
      'publication.name': this.slot,
      'publication.autocreate.mode': 'filtered',
      'table.include.list': 'public.t',
      'key.converter': 'JsonConverter',
      'value.converter': 'JsonConverter',
      'key.converter.schemas.enable': 'false',
      'value.converter.schemas.enable': 'false',
      'status.update.interval.ms': '100',
      ...this.#more,
      ...more,
    };
  }

  /** Starts it on a table of 100 rows; resolves when they are in the topic. */
  async start(): Promise<void> {
    await this.files.query('CREATE TABLE t (id int PRIMARY KEY, pad text)');
    await this.insert(1, 100);
    await worker.create(this.name, this.config());
    await this.arrive(100);
    await this.insert(101, 101);
    await this.arrive(101);
  }

  insert = (from: number, to: number) =>
    this.files.query(`INSERT INTO t SELECT i, repeat(md5(i::text), 4) FROM generate_series(${from}, ${to}) i`);

  /** Ids in the topic, in topic order. */
  async ids(): Promise<number[]> {
    const records = await topicRecords(`${this.slot}.public.t`);
    return records.map(({ key }) => JSON.parse(String(key)).id as number);
  }

  arrive = (count: number) =>
    eventually(`${count} records are in the topic`, async () => (await this.ids()).length >= count, { every: 200 });

  /** The slot has confirmed everything in the topic, and the server has persisted it. */
  async acknowledged(): Promise<void> {
    await eventually('the slot is acknowledged', async () => {
      const [slot] = await this.files.query<{ at: string }>(
        `SELECT confirmed_flush_lsn - '0/0' AS at FROM pg_replication_slots WHERE slot_name = '${this.slot}'`,
      );
      return Number(slot?.at) >= Number((await this.offset())?.['lsn_commit']);
    });
    await this.files.query('CHECKPOINT');
  }

  get path(): string {
    return `/connectors/${encodeURIComponent(this.name)}`;
  }

  async offset(): Promise<Record<string, unknown> | undefined> {
    const { offsets } = await worker.call<Offsets>('GET', `${this.path}/offsets`);
    return offsets.find(({ partition }) => partition['chunk'] === undefined)?.offset;
  }

  async stop(): Promise<void> {
    await worker.call('PUT', `${this.path}/stop`);
    await eventually(
      'it is stopped',
      async () => (await worker.call<unknown[]>('GET', `${this.path}/tasks`)).length === 0,
    );
  }

  resume = () => worker.call('PUT', `${this.path}/resume`);

  /** The task has failed permanently because its position is lost. */
  async fails(reason: RegExp): Promise<void> {
    const task = await worker.awaitState(this.name, 'FAILED');
    expect(task).toMatchObject({ trace: expect.stringContaining('SOURCE_POSITION_LOST') });
    expect(task.trace).toMatch(reason);
  }

  async logEnd(): Promise<number> {
    const [row] = await this.files.query<{ at: string }>("SELECT pg_current_wal_flush_lsn() - '0/0' AS at");
    return Number(row?.at);
  }
}

describe('a database that was restored from a copy of its files', () => {
  test('fails if its log ends before the position; with when_needed it is read again', async () => {
    await using files = await PostgresFiles.start();
    const capture = new Capture(files);
    await capture.start();
    await capture.acknowledged();
    const copy = await files.copy();
    await capture.insert(102, 3000);
    await capture.arrive(3000);
    await files.restore(copy);
    await capture.insert(5001, 5200);
    await capture.fails(/the log of this server ends at [0-9A-F]+\/[0-9A-F]+: it was restored from an older backup/);
    expect(await capture.ids()).toHaveLength(3000);

    await worker.call('PUT', `${capture.path}/config`, capture.config({ 'snapshot.mode': 'when_needed' }));
    await capture.arrive(3000 + 301);
    await capture.insert(6000, 6000);
    await capture.arrive(3000 + 302);
    const present = [
      ...Array.from({ length: 101 }, (_, i) => i + 1),
      ...Array.from({ length: 200 }, (_, i) => i + 5001),
    ];
    expect((await capture.ids()).slice(3000)).toEqual([...present, 6000]);
  });

  test('fails if its log has grown past the position meanwhile', async () => {
    await using files = await PostgresFiles.start();
    const capture = new Capture(files);
    await capture.start();
    await capture.acknowledged();
    const copy = await files.copy();
    await capture.insert(102, 1000);
    await capture.arrive(1000);
    await capture.stop();
    const position = Number((await capture.offset())?.['lsn_commit']);
    await files.restore(copy);
    for (let id = 5001; (await capture.logEnd()) <= position; id += 500) await capture.insert(id, id + 499);
    await capture.resume();
    await capture.fails(/is not one of this log: before it transaction \d+ \([0-9A-F]+\/[0-9A-F]+\) was expected, but/);

    await worker.call('PUT', `${capture.path}/config`, capture.config({ 'snapshot.mode': 'when_needed' }));
    const [row] = await files.query<{ count: string }>('SELECT count(*) FROM t');
    await capture.arrive(1000 + Number(row?.count));
    await capture.insert(3000, 3000);
    await eventually('a change arrives', async () => (await capture.ids()).includes(3000));
  });
});

describe('a standby that was promoted', () => {
  test('fails if it lacked log that was read, however long its log is now', async () => {
    await using files = await PostgresFiles.start();
    const capture = new Capture(files);
    await capture.start();
    await capture.acknowledged();
    const standby = await files.standby();
    await standby.server.kill9();
    await capture.insert(102, 1000);
    await capture.arrive(1000);
    await capture.stop();
    const position = Number((await capture.offset())?.['lsn_commit']);
    await files.server.kill9();
    await standby.server.restart();
    await files.failOver(standby);
    for (let id = 5001; (await capture.logEnd()) <= position; id += 500) await capture.insert(id, id + 499);
    await capture.resume();
    await capture.fails(/this server left timeline 1 at [0-9A-F]+\/[0-9A-F]+ \(it is on 2\)/);
  });

  test('continues if it had all of it, with a position on its timeline', async () => {
    await using files = await PostgresFiles.start();
    const capture = new Capture(files);
    await capture.start();
    await capture.acknowledged();
    const standby = await files.standby();
    await capture.insert(102, 1000);
    await capture.arrive(1000);
    const position = await capture.offset();
    expect(position).toMatchObject({ timeline_id: 1 });
    await eventually('the standby has the row', async () => {
      const [row] = await files.query<{ has: boolean }>(
        `SELECT pg_last_wal_replay_lsn() - '0/0' >= ${position?.['lsn_commit']} AS has`,
        standby.server.port,
      );
      return row?.has;
    });
    await files.failOver(standby);
    await capture.insert(1001, 1100);
    await capture.arrive(1100);
    expect(await capture.ids()).toEqual(Array.from({ length: 1100 }, (_, i) => i + 1));
    expect(await capture.offset()).toMatchObject({
      timeline_id: 2,
      system_identifier: position?.['system_identifier'],
    });
  });
});

test('another server fails, even if its slot and log would fit', async () => {
  await using files = await PostgresFiles.start();
  const capture = new Capture(files);
  await capture.start();
  await capture.stop();
  const position = Number((await capture.offset())?.['lsn_commit']);
  await files.replace();
  await files.query('CREATE TABLE t (id int PRIMARY KEY, pad text)');
  await files.query(`SELECT pg_create_logical_replication_slot('${capture.slot}', 'pgoutput')`);
  for (let id = 5001; (await capture.logEnd()) <= position; id += 500) await capture.insert(id, id + 499);
  await capture.resume();
  await capture.fails(/this server is timeline 1 of the system \d+: another one/);
});

test('a row that a crash of the server undoes is not in the topic', async () => {
  await using files = await PostgresFiles.start();
  // Commits stay in memory for as long as PostgreSQL allows.
  await files.query("ALTER SYSTEM SET wal_writer_delay = '10s'");
  await files.server.restart();
  const capture = new Capture(files, { 'snapshot.delay.ms': '3000' });
  await files.query('CREATE TABLE t (id int PRIMARY KEY, pad text)');
  await worker.create(capture.name, capture.config());
  await eventually('the slot exists', async () => {
    const slots = await files.query<{ restart_lsn: string | null }>('SELECT restart_lsn FROM pg_replication_slots');
    return slots[0]?.restart_lsn;
  });
  await files.query('SET synchronous_commit = off; INSERT INTO t VALUES (1)');
  await capture.arrive(1);
  await files.server.kill9();
  await files.server.restart();
  expect(await files.query('SELECT id FROM t')).toEqual([{ id: 1 }]);
});

test('an offset without identity is accepted, and stored with identity from then on', async () => {
  await using files = await PostgresFiles.start();
  const capture = new Capture(files);
  await capture.start();
  await capture.stop();
  const { lsn, lsn_commit, lsn_proc, txId } = (await capture.offset()) ?? {};
  const offset = { lsn, lsn_commit, lsn_proc, txId, messageType: 'COMMIT' };
  await worker.call('PATCH', `${capture.path}/offsets`, {
    offsets: [{ partition: { server: capture.slot }, offset }],
  });
  await capture.resume();
  await eventually(
    'the offset has the identity',
    async () => (await capture.offset())?.['system_identifier'] !== undefined,
  );
  await capture.insert(102, 102);
  await capture.arrive(102);
  expect(await capture.ids()).toEqual(Array.from({ length: 102 }, (_, i) => i + 1));
});

import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { WorkerProcess } from '../../src/demo/worker-process.ts';
import { messageOf } from '../../src/errors.ts';
import { createDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import type { Draw } from './generate/index.ts';
import type { Loss } from './lost-worker.ts';
import { produce, testKafka } from './produce.ts';
import { appendingSink, idsOf, incrementingSource, numberedObjects, range } from './table-connectors.ts';
import { topicRecords } from './topic-records.ts';
import { WorkerGroup } from './worker-group.ts';

/** Milliseconds between changes of the source. */
const CHANGE_INTERVAL_MS = 50;
/** Milliseconds of changes before the lost worker returns, and after. */
const SETTLING_MS = 2500;

interface ScenarioContext {
  readonly draw: Draw;
  readonly group: WorkerGroup;
  /** Starts a second worker, then loses the first one. */
  loseWorker(): Promise<WorkerProcess>;
  /** Ends the loss after a pause, and returns after another pause. */
  endLoss(): Promise<void>;
}

/** Changes of a connector while its worker is lost. Writes of the lost worker after the change fail the test. */
export const scenarios = {
  'a sink is reconfigured': (scene: ScenarioContext) =>
    switchTable(scene, (by, name, config) => scene.group.request('PUT', `${pathOf(name)}/config`, config, by)),
  'a sink is deleted and created again': (scene: ScenarioContext) => {
    let isDeleted = false;
    // Repeated after a lost answer: 404 and 409 mean that the first request was carried out.
    return switchTable(scene, async (by, name, config) => {
      if (!isDeleted) await scene.group.request('DELETE', pathOf(name), undefined, by).catch(unless(404));
      isDeleted = true;
      await scene.group.request('POST', '', { name, config }, by).catch(unless(409));
    });
  },
  'a source gets fewer tasks': reduceTasks,
  'the offsets of a source are reset': resetOffsets,
};

export async function runScenario(
  draw: Draw,
  scenario: (scene: ScenarioContext) => Promise<void>,
  loss: () => Promise<Loss>,
): Promise<void> {
  await using currentLoss = await loss();
  await using group = await WorkerGroup.start('zombie', 0);
  const first = await group.add(currentLoss.properties);
  await scenario({
    draw,
    group,
    async loseWorker() {
      const second = await group.add();
      currentLoss.begin(first);
      return second;
    },
    async endLoss() {
      await delay(SETTLING_MS);
      currentLoss.end(first);
      await delay(SETTLING_MS);
    },
  });
}

const unless = (status: number) => (error: unknown) => {
  if (!messageOf(error).includes(`: ${status} `)) throw error;
};

const pathOf = (name: string) => `/${encodeURIComponent(name)}`;

/** Repeats an action until it is stopped; the returned function resolves with the number of repetitions. */
function repeat(act: (count: number) => Promise<unknown>): () => Promise<number> {
  let stopped = false;
  const done = (async () => {
    let count = 0;
    for (; !stopped; count++) {
      await act(count);
      await delay(CHANGE_INTERVAL_MS);
    }
    return count;
  })();
  done.catch(() => undefined);
  return () => {
    stopped = true;
    return done;
  };
}

/** A sink switches to another table. After its first write there, the old table must not change. */
async function switchTable(
  { draw, group, loseWorker: lose, endLoss: find }: ScenarioContext,
  change: (by: WorkerProcess, name: string, config: Record<string, string>) => Promise<unknown>,
): Promise<void> {
  const [name, topic] = [draw.sinkName(), draw.topic()];
  await using database = await createDatabase('zombie');
  const kafka = testKafka();
  const stop = repeat(count => produce(kafka, topic, numberedObjects(count, count + 1)));
  try {
    for (const table of ['before', 'after']) await database.query(`CREATE TABLE ${table} (id bigint)`);
    await eventually('the topic has records', async () => (await topicRecords(topic)).length > 0);
    await group.create(name, appendingSink(database, topic, 'before'));
    const ids = async (table: string) => (await idsOf(database, table)).map(Number);
    await eventually('the first table has rows', async () => (await ids('before')).length > 0);
    const second = await lose();
    await eventually(
      'the connector is changed',
      async () => {
        await change(second, name, appendingSink(database, topic, 'after'));
        return true;
      },
      { within: 60_000 },
    );
    const [begun = 0] = await eventually(
      'the second table has rows',
      async () => {
        const rows = await ids('after');
        return rows.length > 0 && rows;
      },
      { within: 60_000 },
    );
    await find();
    const produced = await stop();
    await eventually('every record arrived', async () => (await ids('after')).at(-1) === produced - 1);
    expect(await ids('before')).toEqual(range(0, begun));
    expect(await ids('after')).toEqual(range(begun, produced));
  } finally {
    await stop();
    await kafka.close();
  }
}

/** The tables of four tasks become those of one task. */
async function reduceTasks({ draw, group, loseWorker: lose, endLoss: find }: ScenarioContext): Promise<void> {
  const [name, prefix] = [draw.connectorName(), draw.topic(200)];
  await using database = await createDatabase('zombie');
  const tables = ['t1', 't2', 't3', 't4'];
  for (const table of tables) await database.query(`CREATE TABLE ${table} (id bigserial PRIMARY KEY)`);
  const insert = (table: string) => database.query(`INSERT INTO ${table} DEFAULT VALUES`);
  const stop = repeat(() => Promise.all(tables.map(insert)));
  try {
    const config = {
      ...incrementingSource(database, tables, prefix),
      'poll.interval.ms': '50',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
    };
    await group.create(name, { ...config, 'tasks.max': '4' });
    const ids = async (table: string) =>
      (await topicRecords(prefix + table)).map(({ value }) => JSON.parse(value ?? '{}').id as number);
    for (const table of tables) await eventually(`${table} is read`, async () => (await ids(table)).length > 0);
    const second = await lose();
    await eventually(
      'one task runs on the other worker',
      async () => {
        await group.request('PUT', `${pathOf(name)}/config`, { ...config, 'tasks.max': '1' }, second);
        const { tasks } = await group.status(name, second);
        return tasks.length === 1 && tasks[0]?.state === 'RUNNING' && tasks[0].worker_id === second.id;
      },
      { within: 60_000 },
    );
    await find();
    const inserted = await stop();
    for (const table of tables) {
      await eventually(`all rows of ${table} arrived`, async () => (await ids(table)).at(-1) === inserted);
      expect(await ids(table)).toEqual(range(1, inserted + 1));
    }
  } finally {
    await stop();
  }
}

/** A file is read again from its beginning, exactly once. */
async function resetOffsets({ draw, group, loseWorker: lose, endLoss: find }: ScenarioContext): Promise<void> {
  const [name, topic, file] = [draw.connectorName(), draw.topic(), join(group.folder, 'lines.txt')];
  const line = (count: number) => `line ${count}`;
  await writeFile(file, '');
  const stop = repeat(count => appendFile(file, `${line(count)}\n`));
  try {
    await group.create(name, {
      'connector.class': 'FileStreamSource',
      file,
      topic,
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    });
    const lines = async () => (await topicRecords(topic)).map(({ value }) => value);
    await eventually('lines are read', async () => (await lines()).length > 0);
    const second = await lose();
    const ask = (method: string, rest: string) => group.request(method, pathOf(name) + rest, undefined, second);
    await eventually(
      'its offsets are reset',
      async () => {
        await ask('PUT', '/stop');
        await ask('DELETE', '/offsets');
        return true;
      },
      { within: 60_000, every: 500 },
    );
    const before = await lines();
    await ask('PUT', '/resume');
    await eventually('the source reads the file again', async () => (await lines()).length > before.length, {
      within: 60_000,
    });
    await find();
    const count = await stop();
    const all = range(0, count).map(line);
    await eventually('all lines arrived', async () => (await lines()).length >= before.length + count);
    expect(before).toEqual(all.slice(0, before.length));
    expect((await lines()).slice(before.length)).toEqual(all);
  } finally {
    await stop();
  }
}

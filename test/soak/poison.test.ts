import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { WorkerProcess } from '../../src/demo/worker-process.ts';
import type { Compression } from '../../src/kafka/port.ts';
import { eventually } from '../support/eventually.ts';
import { FilePair } from '../support/file-pair.ts';
import { generator } from '../support/generate/index.ts';
import { produceCompressed, testKafka } from '../support/produce.ts';
import { uniqueName } from '../support/topic.ts';
import { WorkerGroup } from '../support/worker-group.ts';

/**
 * Two workers with six healthy connectors, and one connector per kind of poison input. MILLRACE_ROUNDS: number of
 * rounds.
 */
const draw = generator(import.meta.url);
const ROUNDS = Number(process.env['MILLRACE_ROUNDS'] ?? 20);
const PAIRS = 3;
/**
 * Limits in milliseconds: of a REST answer, of a pause of a healthy connector, and until a poisoned task has failed.
 */
const ANSWER_MS = 1000;
const PAUSE_MS = 10_000;
const FAILED_MS = 60_000;

const text = 'org.apache.kafka.connect.storage.StringConverter';
const json = 'org.apache.kafka.connect.json.JsonConverter';
const nested = (open: string, close: string) => Buffer.from(`${open.repeat(3000)}1${close.repeat(3000)}`);

interface Poison {
  /** Settings of the sink's topic, with one record. */
  readonly value: Buffer;
  readonly compression?: Compression;
  readonly config: Readonly<Record<string, string>>;
}

/** Inputs of file sinks. */
const poisons: Readonly<Record<string, Poison>> = {
  'a record on which a plugin never returns': {
    value: Buffer.from('poison'),
    config: { 'value.converter': text, transforms: 'p', 'transforms.p.type': 'test.Endless' },
  },
  'a pattern': {
    value: Buffer.from('poison'),
    config: {
      'value.converter': text,
      transforms: 'p',
      'transforms.p.type': 'RegexRouter',
      'transforms.p.regex': '(a)(a+)+\\1-',
      'transforms.p.replacement': 'x',
    },
  },
  'a field name': {
    value: Buffer.from(
      JSON.stringify({
        schema: { type: 'struct', fields: [{ field: 'f'.repeat(200_000), type: 'string' }] },
        payload: { other: 1 },
      }),
    ),
    config: { 'value.converter': json },
  },
  'a compressed batch': {
    value: Buffer.alloc(300_000_000),
    compression: 'zstd',
    config: { 'value.converter': text },
  },
  nesting: {
    value: nested('{"a":', '}'),
    config: { 'value.converter': json, 'value.converter.schemas.enable': 'false' },
  },
};

const plugin = `
import { defineConfig, definePlugin } from 'millrace/api';
const config = defineConfig({});
export const plugin = definePlugin({
  version: '1.0.0',
  transforms: [{ className: 'test.Endless', load: () => ({ config, create: () => ({ apply: () => { for (;;); } }) }) }],
});`;

test.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))(
  'round %i: poison input fails only its own task',
  async () => {
    await using group = await WorkerGroup.start('poison', 0);
    const plugins = join(group.folder, 'poison.ts');
    await writeFile(plugins, plugin);
    const workers = await Promise.all([group.add({ 'plugin.path': plugins }), group.add({ 'plugin.path': plugins })]);
    const pairs = await Promise.all(Array.from({ length: PAIRS }, () => FilePair.start(group, draw)));
    const healthy = pairs.flatMap(({ source, sink }) => [source, sink]);
    await Promise.all(pairs.map(pair => pair.copyLine()));
    const attempts = () => Promise.all(healthy.map(async name => (await group.status(name)).tasks[0]?.attempt ?? 0));
    const before = await attempts();

    const answers = workers.map(slowestAnswer);
    const pauses = pairs.map(longestPause);
    const startedAt = performance.now();
    const names = await Promise.all([
      ...Object.values(poisons).map(poison => startPoisoned(group, poison)),
      startPoisonedConfiguration(group),
    ]);
    await Promise.all(
      names.map(async (name, i) => {
        const kind = Object.keys(poisons)[i] ?? 'a configuration';
        const { trace } = await eventually(
          `${kind}: FAILED`,
          async () => {
            const [task] = (await group.status(name)).tasks;
            return task?.state === 'FAILED' ? task : undefined;
          },
          { within: FAILED_MS, every: 200 },
        );
        console.log(
          `${kind}: FAILED after ${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${trace?.slice(0, 120)}`,
        );
      }),
    );
    await Promise.all(pairs.map(pair => pair.copyLine()));
    const slowest = await Promise.all(answers.map(stop => stop()));
    const paused = await Promise.all(pauses.map(stop => stop()));
    const after = await attempts();
    const interruptions = after.map((attempt, i) => attempt - (before[i] ?? 0));
    console.log(
      `slowest answers ${slowest.map(Math.round)} ms, pauses ${paused.map(Math.round)} ms, ${interruptions} interruptions`,
    );
    expect(slowest.filter(ms => ms > ANSWER_MS)).toEqual([]);
    expect(paused.filter(ms => ms > PAUSE_MS)).toEqual([]);
    expect(interruptions.filter(count => count > 1)).toEqual([]);
    for (const name of healthy) expect((await group.status(name)).tasks[0]?.state).toBe('RUNNING');
  },
  300_000,
);

/** Returns a function that stops repeating `act` and resolves with its greatest result. */
function greatest(act: () => Promise<number>): () => Promise<number> {
  let [stopped, most] = [false, 0];
  const done = (async () => {
    while (!stopped) {
      most = Math.max(most, await act());
      await delay(100);
    }
  })();
  done.catch(() => undefined);
  return async () => {
    stopped = true;
    await done;
    return most;
  };
}

const longestPause = (pair: FilePair) => greatest(() => pair.copyLine());
const slowestAnswer = ({ url }: WorkerProcess) =>
  greatest(async () => {
    const began = performance.now();
    await (await fetch(`${url}/connectors`)).text();
    return performance.now() - began;
  });

async function startPoisoned(group: WorkerGroup, { value, compression = 'none', config }: Poison): Promise<string> {
  // The pattern is matched against the topic name.
  const [name, topic] = [draw.sinkName(), uniqueName('a'.repeat(40))];
  const kafka = testKafka();
  try {
    await produceCompressed(kafka, topic, value, compression);
  } finally {
    await kafka.close();
  }
  const file = join(group.folder, `${topic}.out`);
  await group.create(name, {
    'connector.class': 'FileStreamSink',
    file,
    topics: topic,
    'key.converter': text,
    ...config,
  });
  return name;
}

/** A configuration whose validation once took minutes. */
async function startPoisonedConfiguration(group: WorkerGroup): Promise<string> {
  const [name, file] = [draw.connectorName(), join(group.folder, 'poison.in')];
  await writeFile(file, 'poison\n');
  await group.create(name, { 'connector.class': 'FileStreamSource', file, topic: `$${'{a:'}`.repeat(225_000) });
  return name;
}

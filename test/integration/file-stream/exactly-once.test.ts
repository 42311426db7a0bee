import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { silent } from '../../../src/observability/silent.ts';
import { eventually } from '../../support/eventually.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';
import type { TaskOfFile } from './programs/run-task.ts';

const kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
afterAll(() => kafka.close());

let folder: string;
let topic: string;
const running = new Set<ChildProcess>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-file-stream-'));
  topic = uniqueName('file-lines');
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await kafka.admin.deleteTopics([topic]);
  await rm(folder, { recursive: true, force: true });
});

function start(
  kind: 'source' | 'sink',
  name: string,
  props: Readonly<Record<string, string>>,
  stderr: 'inherit' | 'ignore' = 'inherit',
): ChildProcess {
  const task: TaskOfFile = {
    kind,
    kafka: servers().kafka,
    connector: name,
    topic,
    offsetsTopic: `${name}-offsets`,
    props,
  };
  const program = join(import.meta.dirname, 'programs', 'run-task.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, JSON.stringify(task)], {
    stdio: ['ignore', 'inherit', stderr],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null)
    throw new Error(`the task has ended by itself, with ${child.exitCode ?? child.signalCode}`);
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

async function endOfTopic(): Promise<number> {
  const [range] = await kafka.admin.offsets([{ topic, partition: 0 }]);
  return range?.end ?? 0;
}

/** All committed values. */
async function values(): Promise<string[]> {
  const until = await endOfTopic();
  const assigned = [{ topic, partition: 0, offset: 0 }];
  const reader = await kafka.reader({ assigned, maxBytes: 8 << 20, maxPartitionBytes: 8 << 20, maxWaitMs: 100 });
  const committedValues: string[] = [];
  for (let next = 0; next < until; )
    for (const part of await reader.poll()) {
      next = part.next;
      for (const { value } of part.records) committedValues.push(value?.toString() ?? 'null');
    }
  await reader.close();
  return committedValues;
}

const sizeOf = async (file: string) => (await stat(file).catch(() => undefined))?.size ?? 0;

/** Writes this many lines to the topic; returns the text of a file with them. */
async function produced(count: number): Promise<string> {
  const producer = await kafka.producer({ transactionalId: topic, compression: 'lz4', transactionTimeoutMs: 30_000 });
  await producer.prepare([topic]);
  let whole = '';
  for (let i = 0; i < count; ) {
    const batch = producer.batch();
    for (const stop = i + 5000; i < stop; i++) {
      const value = Buffer.from(lineOf(i));
      batch.append(topic, 0, null, value, -1, -1, 0, value.length, []);
      whole += `${value}\n`;
    }
    await producer.commit(batch);
  }
  await producer.close();
  return whole;
}

const lineOf = (i: number): string => (i % 7 === 0 ? '' : i % 11 === 0 ? `${i} äöü 😀` : `${i} ${'x'.repeat(i % 90)}`);

test('a source that is killed repeatedly, on a file that grows and is rotated, writes every line once', async () => {
  const name = uniqueName('file-source');
  const file = join(folder, 'input.txt');
  const lines = Array.from({ length: 120_000 }, (_, i) => lineOf(i));
  const ends = ['\n', '\r\n', '\n'];
  const part = (from: number, to: number) =>
    lines
      .slice(from, to)
      .map((line, i) => line + ends[(from + i) % 3])
      .join('');
  await writeFile(file, part(0, 20_000));
  for (let kill = 1; kill <= 5; kill++) {
    const child = start('source', name, { file, topic });
    const before = await endOfTopic();
    await eventually('the task has written', async () => (await endOfTopic()) > before, { every: 5 });
    // Its next transactions are in progress.
    await appendFile(file, part(kill * 20_000, kill * 20_000 + 10_000));
    await end(child, 'SIGKILL');
    if (kill % 2 === 0) await rename(file, `${file}.${kill}`);
    await appendFile(file, part(kill * 20_000 + 10_000, (kill + 1) * 20_000));
  }
  const child = start('source', name, { file, topic });
  await eventually('all lines are written', async () => (await endOfTopic()) >= lines.length, { every: 100 });
  await eventually('no more lines are written', async () => {
    const endOffset = await endOfTopic();
    await new Promise(resolve => setTimeout(resolve, 500));
    return endOffset === (await endOfTopic());
  });
  await end(child, 'SIGTERM');
  expect(await values()).toEqual(lines);
  await kafka.admin.deleteTopics([`${name}-offsets`]);
});

test('a sink that is killed repeatedly writes every record once', async () => {
  const name = uniqueName('file-sink');
  const file = join(folder, 'output.txt');
  const whole = await produced(150_000);
  const size = () => sizeOf(file);
  const total = Buffer.byteLength(whole);
  for (let kill = 1; kill <= 5; kill++) {
    const child = start('sink', name, { file });
    await eventually('the task has written', async () => (await size()) > (total * kill) / 8, { every: 1 });
    await end(child, 'SIGKILL');
  }
  const child = start('sink', name, { file });
  await eventually('the file is complete', async () => (await size()) >= total);
  await eventually('the group has the end offset', async () => {
    const [at] = await kafka.admin.groupOffsets(`connect-${name}`, [{ topic, partition: 0 }]);
    return at?.offset === (await endOfTopic());
  });
  await end(child, 'SIGTERM');
  expect((await readFile(file, 'utf8')) === whole).toBe(true);
});

test('a frozen sink that resumes after another has continued ends without writing', async () => {
  const name = uniqueName('file-sink');
  const file = join(folder, 'output.txt');
  const whole = await produced(150_000);
  const total = Buffer.byteLength(whole);
  const isWhole = async () => (await sizeOf(file)) >= total;
  let task = start('sink', name, { file }, 'ignore');
  for (let freeze = 1; freeze <= 4 && !(await isWhole()); freeze++) {
    await eventually('the task has written', async () => (await sizeOf(file)) > (total * freeze) / 8, { every: 1 });
    task.kill('SIGSTOP');
    const before = await sizeOf(file);
    const successor = start('sink', name, { file }, 'ignore');
    // If frozen during a write, it holds the lock: the other one continues when it has resumed, and one must end.
    await eventually('the other sink has continued', async () => (await sizeOf(file)) > before, {
      within: 1500,
      every: 5,
    }).catch(() => undefined);
    task.kill('SIGCONT');
    await eventually(
      'one has been fenced, or nothing is left to write',
      async () => task.exitCode !== null || successor.exitCode !== null || (await isWhole()),
    );
    if (task.exitCode !== null) task = successor;
  }
  await eventually('the file is complete', isWhole);
  for (const child of running) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  expect((await readFile(file, 'utf8')) === whole).toBe(true);
});

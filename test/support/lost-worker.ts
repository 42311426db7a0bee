import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { WorkerProcess } from '../../src/demo/worker-process.ts';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { eventually } from './eventually.ts';
import type { Draw } from './generate/index.ts';
import { startKafkaProxy } from './kafka-proxy.ts';
import { servers } from './servers.ts';
import { startTcpProxy } from './tcp-proxy.ts';
import { WorkerGroup } from './worker-group.ts';

/** A way of losing a worker without killing it. */
export interface Loss extends AsyncDisposable {
  /** Properties of the worker that will be lost. */
  readonly properties: Readonly<Record<string, string>>;
  begin(worker: WorkerProcess): void;
  end(worker: WorkerProcess): void;
}

/** Keys complete the phrase "a worker that …". */
export const losses = {
  'is frozen': async () => ({
    properties: {},
    begin: ({ pid }) => process.kill(pid, 'SIGSTOP'),
    end: ({ pid }) => process.kill(pid, 'SIGCONT'),
    [Symbol.asyncDispose]: async () => undefined,
  }),
  'is cut off from Temporal': async () => {
    const proxy = await startTcpProxy(servers().temporal);
    return {
      properties: { 'temporal.address': proxy.address },
      begin: () => proxy.cut(),
      end: () => proxy.restore(),
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    };
  },
  'is cut off from Kafka': async () => {
    const proxy = await startKafkaProxy(servers().kafka);
    return {
      properties: { 'bootstrap.servers': proxy.address },
      begin: () => proxy.cut(),
      end: () => proxy.restore(),
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    };
  },
} satisfies Record<string, () => Promise<Loss>>;

/** Workers and connectors while `first` is lost. */
export interface LossContext {
  readonly group: WorkerGroup;
  readonly first: WorkerProcess;
  readonly second: WorkerProcess;
  readonly connectors: readonly { readonly name: string; readonly topic: string; readonly file: string }[];
}

/**
 * Loses a worker that runs all connectors while another one is idle. Returns, for each connector, milliseconds from the
 * loss until it runs on the other worker and has written there. during: called before the loss ends.
 */
export async function measureTakeover(
  draw: Draw,
  kafka: KafkaClient,
  loss: () => Promise<Loss>,
  { connectors: count = 10, during = async (_: LossContext): Promise<void> => undefined } = {},
): Promise<number[]> {
  await using currentLoss = await loss();
  await using group = await WorkerGroup.start('lost', 0);
  const first = await group.add(currentLoss.properties);
  const connectors = Array.from({ length: count }, (_, i) => ({
    name: draw.connectorName(),
    topic: draw.topic(),
    file: join(group.folder, `${i}.txt`),
  }));
  await Promise.all(
    connectors.map(async ({ name, topic, file }) => {
      await writeFile(file, 'one\n');
      await group.create(name, {
        'connector.class': 'FileStreamSource',
        file,
        topic,
        'key.converter': 'StringConverter',
        'value.converter': 'StringConverter',
      });
    }),
  );
  const topics = connectors.map(({ topic }) => ({ topic, partition: 0 }));
  const areWritten = async () => (await kafka.admin.offsets(topics)).every(({ end }) => (end ?? 0) > 0);
  await eventually('all lines are written', areWritten, { within: 60_000 });
  const second = await group.add();
  // A random moment between two heartbeats.
  const until = performance.now() + draw.value(fc.integer({ min: 0, max: 2000 }));
  await eventually('the moment', () => performance.now() >= until, { every: 10 });
  currentLoss.begin(first);
  const began = performance.now();
  const times = await Promise.all(
    connectors.map(async ({ name, topic, file }) => {
      await eventually(
        `${name} runs on the other worker`,
        async () => {
          const [task] = (await group.status(name, second)).tasks;
          return task?.state === 'RUNNING' && task.worker_id === second.id;
        },
        { within: 120_000, every: 200 },
      );
      const [before] = await kafka.admin.offsets([{ topic, partition: 0 }]);
      await appendFile(file, 'two\n');
      await eventually(`${name} moves`, async () => {
        const [now] = await kafka.admin.offsets([{ topic, partition: 0 }]);
        return (now?.end ?? 0) > (before?.end ?? 0);
      });
      return performance.now() - began;
    }),
  );
  await during({ group, first, second, connectors });
  currentLoss.end(first);
  return times;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { type Loss, losses } from '../support/lost-worker.ts';
import { produce, testKafka } from '../support/produce.ts';
import { WorkerGroup } from '../support/worker-group.ts';

const draw = generator(import.meta.url);
const TAKEOVER_MS = 10_000;

test('a sink of a worker that is cut off from Kafka runs elsewhere within ten seconds', async () => {
  const kafka = testKafka();
  await using way: Loss = await losses['is cut off from Kafka']();
  await using group = await WorkerGroup.start('cut', 0);
  const first = await group.add(way.properties);
  const [name, topic, file] = [draw.sinkName(), draw.topic(), join(group.folder, 'lines')];
  const lines = async () => (await readFile(file, 'utf8')).split('\n').length - 1;
  try {
    await produce(kafka, topic, ['one']);
    await group.create(name, {
      'connector.class': 'FileStreamSink',
      file,
      topics: topic,
      'key.converter': 'StringConverter',
      'value.converter': 'StringConverter',
    });
    await eventually('the first line is written', async () => (await lines()) === 1);
    const second = await group.add();
    // Its offsets are not committed yet.
    await produce(kafka, topic, ['two']);
    await eventually('the second line is written', async () => (await lines()) === 2, { every: 5 });
    way.begin(first);
    const began = performance.now();
    await produce(kafka, topic, ['three']);
    await eventually(
      'it runs on the other worker',
      async () => {
        const [task] = (await group.status(name, second)).tasks;
        return task?.state === 'RUNNING' && task.worker_id === second.id;
      },
      { within: 60_000 },
    );
    await eventually('the third line is written', async () => (await lines()) === 3);
    expect(performance.now() - began).toBeLessThan(TAKEOVER_MS);
  } finally {
    way.end(first);
    await kafka.close();
  }
}, 120_000);

import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { silent } from '../../src/observability/silent.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { saturation } from '../support/saturation.ts';
import { servers } from '../support/servers.ts';
import { WorkerGroup } from '../support/worker-group.ts';

const draw = generator(import.meta.url);
const MINUTES = Number(process.env['MILLRACE_SOAK']);
const CONNECTORS = 10;
const INTERVAL_MS = 1000;

let kafka: KafkaClient;
beforeAll(() => {
  kafka = kafkaClient({ brokers: [servers().kafka], clientId: 'test' }, silent);
});
afterAll(() => kafka.close());

test(`no task is moved to another worker in ${MINUTES} minutes with all cores saturated`, {
  timeout: (MINUTES + 10) * 60_000,
}, async () => {
  await using group = await WorkerGroup.start('saturated', 2);
  const connectors = Array.from({ length: CONNECTORS }, (_, i) => ({
    name: draw.connectorName(),
    topic: draw.topic(),
    file: join(group.folder, `${i}.txt`),
  }));
  for (const { name, topic, file } of connectors) {
    await writeFile(file, '');
    await group.create(name, { 'connector.class': 'FileStreamSource', file, topic });
  }
  const holders = await Promise.all(connectors.map(async ({ name }) => (await group.workerOf(name)).id));
  const events = new Set<string>();
  let lines = 0;
  await using _busy = saturation();
  for (const end = performance.now() + MINUTES * 60_000; performance.now() < end; await delay(INTERVAL_MS)) {
    await Promise.all(connectors.map(({ file }) => appendFile(file, `line ${lines}\n`)));
    lines++;
    // Half of the statuses come from the worker that runs the connector, half from the other worker.
    const statuses = await Promise.all(
      connectors.map(({ name }, i) => group.status(name, group.workers[i % 2]).catch(String)),
    );
    for (const [i, status] of statuses.entries()) {
      const [task] = typeof status === 'string' ? [] : status.tasks;
      if (task?.attempt === 1 && task.state === 'RUNNING' && task.worker_id === holders[i]) continue;
      const event = `${connectors[i]?.name} ${JSON.stringify(task ?? status)}`;
      if (!events.has(event)) console.log(new Date().toISOString(), event);
      events.add(event);
    }
  }
  const at = connectors.map(({ topic }) => ({ topic, partition: 0 }));
  await eventually('all lines arrived', async () =>
    (await kafka.admin.offsets(at)).every(({ end }) => (end ?? 0) >= lines),
  );
  console.log(`${lines} lines of each of ${CONNECTORS} connectors`);
  expect([...events]).toEqual([]);
});

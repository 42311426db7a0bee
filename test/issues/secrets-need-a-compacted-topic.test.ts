import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorkerProcess } from '../../src/demo/worker-process.ts';
import { kafkaClient } from '../../src/kafka/client/client.ts';
import { silent } from '../../src/observability/silent.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { millrace } from '../cli/run.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/** A topic of secrets with deletion by time would lose every connector's password after a week. */
const draw = generator(import.meta.url);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-compacted-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const propertiesOf = (group: string, topic: string) => ({
  'bootstrap.servers': servers().kafka,
  'group.id': group,
  'offset.storage.topic': `${group}-offsets`,
  'config.storage.topic': topic,
  'temporal.address': servers().temporal,
});

async function createTopic(topic: string, policy: string): Promise<void> {
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: topic }, silent);
  const config = { 'cleanup.policy': policy };
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1, config }]);
  await kafka.close();
}

test.each([
  ['delete', []],
  ['compact,delete', ['--processes', '2']],
])('a worker does not start with a topic of cleanup.policy=%s, and reports how to set it', async (policy, args) => {
  const topic = draw.topic();
  await createTopic(topic, policy);
  const file = join(folder, `${uniqueName('worker')}.properties`);
  const all = { ...propertiesOf(uniqueName('deleting'), topic), listeners: `http://127.0.0.1:${await freePort()}` };
  await writeFile(
    file,
    Object.entries(all)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const ran = await millrace(['worker', file, ...args]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(topic);
  expect(ran.stderr).toContain(`must have cleanup.policy=compact, but has ${policy.split(',').sort().join(',')}`);
  expect(ran.stderr).toContain(`--entity-name ${topic} --add-config cleanup.policy=compact`);
});

test('a worker starts with a compacted topic', async () => {
  const topic = draw.topic();
  await createTopic(topic, 'compact');
  const worker = await startWorkerProcess(folder, await freePort(), propertiesOf(uniqueName('compacting'), topic));
  expect((await fetch(`${worker.url}/connectors`)).status).toBe(200);
  await worker.stop();
});

test('a worker without Kafka starts and waits for it', async () => {
  const properties = { ...propertiesOf(uniqueName('waiting'), draw.topic()), 'bootstrap.servers': '127.0.0.1:1' };
  const worker = await startWorkerProcess(folder, await freePort(), properties, { healthy: false });
  expect((await fetch(`${worker.url}/`)).status).toBe(503);
  await worker.stop();
});

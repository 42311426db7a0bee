import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { produce, testKafka } from '../support/produce.ts';
import { TestWorker } from '../support/worker.ts';

/** `errors.log.enable` and `errors.log.include.messages`, as in Kafka Connect; contents are never logged. */
const draw = generator(import.meta.url);
const SECRET = 'content of the record';
let worker: TestWorker;
let kafka: KafkaClient;
beforeAll(async () => {
  kafka = testKafka();
  worker = await TestWorker.start('error-log');
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await kafka?.close();
});

async function loggedBy(name: string): Promise<Record<string, unknown>[]> {
  await eventually(
    'two records are skipped',
    async () => (await worker.task(name))?.figures?.['records_skipped'] === 2,
  );
  const lines = (await worker.log()).split('\n').filter(line => line.includes('record skipped'));
  expect(lines.join()).not.toContain(SECRET);
  return lines.map(line => JSON.parse(line) as Record<string, unknown>).filter(({ connector }) => connector === name);
}

const settings: [config: Record<string, string>, lines: number, position: boolean][] = [
  [{}, 0, false],
  [{ 'errors.log.enable': 'true' }, 2, false],
  [{ 'errors.log.include.messages': 'true' }, 0, false],
  [{ 'errors.log.enable': 'TRUE', 'errors.log.include.messages': 'true' }, 2, true],
];

test.each(settings)('a sink with %j logs %i lines, with a position: %s', async (config, lines, position) => {
  const [name, topic] = [draw.sinkName(), draw.topic()];
  await produce(kafka, topic, [`{${SECRET}`, '{}', `[${SECRET}`]);
  await worker.create(name, {
    'connector.class': 'FileStreamSink',
    file: join(worker.folder, topic.replaceAll(/\W/g, '_').slice(0, 200)),
    topics: topic,
    'value.converter': 'JsonConverter',
    'value.converter.schemas.enable': 'false',
    'errors.tolerance': 'all',
    ...config,
  });
  const logged = await loggedBy(name);
  expect(logged).toHaveLength(lines);
  for (const line of logged)
    expect(line).toMatchObject({ stage: 'VALUE_CONVERTER', class: 'org.apache.kafka.connect.json.JsonConverter' });
  expect(logged.map(({ topic, partition, offset }) => [topic, partition, offset])).toEqual(
    logged.map((_, i) => (position ? [topic, 0, 2 * i] : [undefined, undefined, undefined])),
  );
});

test.each(settings)('a source with %j logs %i lines, with a position: %s', async (config, lines, position) => {
  const [name, topic] = [draw.connectorName(), draw.topic()];
  const file = join(worker.folder, `lines-${Math.abs(JSON.stringify(config).length)}`);
  await writeFile(file, `${SECRET}\n${SECRET}\n`);
  await worker.create(name, {
    'connector.class': 'FileStreamSource',
    file,
    topic,
    transforms: 'field',
    'transforms.field.type': 'org.apache.kafka.connect.transforms.ReplaceField$Value',
    'transforms.field.exclude': 'a',
    'transforms.field.replace.null.with.default': 'true',
    'errors.tolerance': 'all',
    ...config,
  });
  const logged = await loggedBy(name);
  expect(logged).toHaveLength(lines);
  for (const line of logged) expect(line['reason']).toEqual(expect.any(String));
  expect(logged.map(({ topic }) => topic)).toEqual(logged.map(() => (position ? topic : undefined)));
});

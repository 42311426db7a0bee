import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { call } from '../../../../src/demo/rest.ts';
import { kafkaClient } from '../../../../src/kafka/client/client.ts';
import { silent } from '../../../../src/observability/silent.ts';
import { eventually } from '../../../support/eventually.ts';
import { startKafkaConnect } from '../../../support/kafka-connect.ts';
import { uniqueName } from '../../../support/topic.ts';
import { inputs, values } from './cases.ts';

/** A record in the topic; a long text is replaced by its length and ends. */
export interface ComparableRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Golden {
  /** Records after each part, by case. */
  readonly source: Readonly<Record<string, readonly (readonly ComparableRecord[])[]>>;
  /** The sink's file after all values, in base64. */
  readonly sink: string;
}

/**
 * Milliseconds without new records after which a part counts as read. Both programs poll an idle file once per second.
 */
const QUIET_MS = 3000;

/** Runs all cases on a Kafka Connect worker. */
export async function playAtKafkaConnect(brokers: string): Promise<Golden> {
  const group = uniqueName('file-golden');
  const folder = await mkdtemp(join(tmpdir(), 'millrace-file-golden-'));
  try {
    await using worker = await startKafkaConnect(brokers, group);
    return await play(worker.url, brokers, group, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs all cases on a worker of either kind. */
export async function play(url: string, brokers: string, prefix: string, folder: string): Promise<Golden> {
  await mkdir(folder, { recursive: true });
  const kafka = kafkaClient({ brokers: [brokers], clientId: prefix }, silent);
  const source: Record<string, ComparableRecord[][]> = {};
  const names = Object.keys(inputs);
  const topicOf = (name: string) => `${prefix}-${name.replaceAll(' ', '-')}`;
  const topics = [...names.map(topicOf), topicOf('sink')];
  try {
    await kafka.admin.createTopics(topics.map(topic => ({ topic, partitions: 1, replicationFactor: 1 })));
    await writeSink(brokers, topicOf('sink'));
    const output = join(folder, 'output.txt');
    const sink = { 'connector.class': 'FileStreamSink', file: output, topics: topicOf('sink') };
    await call('POST', `${url}/connectors`, { name: topicOf('sink'), config: sink });
    for (const name of names) {
      const file = join(folder, topicOf(name));
      await call('POST', `${url}/connectors`, {
        name: topicOf(name),
        config: { 'connector.class': 'FileStreamSource', file, topic: topicOf(name) },
      });
    }
    // Files that appear after their source has started.
    const parts = Math.max(...Object.values(inputs).map(all => all.length));
    for (let part = 0; part < parts; part++) {
      for (const name of names) {
        const text = inputs[name]?.[part];
        if (text !== undefined) await (part === 0 ? writeFile : appendFile)(join(folder, topicOf(name)), text);
      }
      await quiet(kafka, names.map(topicOf));
      for (const name of names)
        if (inputs[name]?.[part] !== undefined) {
          source[name] ??= [];
          source[name].push((await recordsOf(kafka, topicOf(name))).slice(source[name].flat().length));
        }
    }
    const content = await eventually('the sink has written all', async () => {
      const before = await readFile(output);
      await delay(QUIET_MS);
      const after = await readFile(output);
      return after.length > 0 && before.length === after.length && after;
    });
    return { source, sink: content.toString('base64') };
  } finally {
    for (const topic of topics) await call('DELETE', `${url}/connectors/${topic}`).catch(() => undefined);
    await kafka.admin.deleteTopics(topics);
    await kafka.close();
  }
}

type Kafka = ReturnType<typeof kafkaClient>;

/** Waits until there are records, and none arrive for a while. */
async function quiet(kafka: Kafka, topics: readonly string[]): Promise<void> {
  const ends = async () =>
    (await kafka.admin.offsets(topics.map(topic => ({ topic, partition: 0 })))).map(({ high }) => high).join();
  await eventually('no more records arrive', async () => {
    const before = await ends();
    await delay(QUIET_MS);
    return (await ends()) === before && /[1-9]/.test(before);
  });
}

async function recordsOf(kafka: Kafka, topic: string): Promise<ComparableRecord[]> {
  const [range] = await kafka.admin.offsets([{ topic, partition: 0 }]);
  const records: ComparableRecord[] = [];
  if (range === undefined || range.low >= range.high) return records;
  const start = { topic, partition: 0, offset: range.low };
  const reader = await kafka.reader({
    assigned: [start],
    maxBytes: 8 << 20,
    maxPartitionBytes: 8 << 20,
    maxWaitMs: 200,
  });
  try {
    for (let next = range.low; next < range.high; )
      for (const part of await reader.poll()) {
        next = part.next;
        for (const { key, value, headers } of part.records)
          records.push({
            key: key === null ? null : short(key.toString()),
            value: value === null ? null : short(value.toString()),
            headers: Object.fromEntries(headers.map(header => [header.key, String(header.value)])),
          });
      }
  } finally {
    await reader.close();
  }
  return records;
}

const short = (text: string): string =>
  text.length <= 2000 ? text : `${text.slice(0, 100)} (${text.length}) ${text.slice(-100)}`;

async function writeSink(brokers: string, topic: string): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const key = JSON.stringify({ schema: { type: 'string' }, payload: 'a key' });
  await producer.send({ topic, messages: values.map((value, i) => ({ key: i % 2 === 0 ? key : null, value })) });
  await producer.disconnect();
}

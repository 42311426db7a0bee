import { fileStreamSink } from '../../../../connectors/file-stream-sink/index.ts';
import { fileStreamSource } from '../../../../connectors/file-stream-source/index.ts';
import { stringConverter } from '../../../../src/converters/string.ts';
import type { TaskObserver } from '../../../../src/engine/observer.ts';
import { RecordDecoder } from '../../../../src/engine/sink/record-decoder.ts';
import { runSink } from '../../../../src/engine/sink/run-sink.ts';
import { RecordEncoder } from '../../../../src/engine/source/record-encoder.ts';
import { runSource } from '../../../../src/engine/source/run-source.ts';
import { parseTaskConfig } from '../../../../src/engine/task-config.ts';
import { kafkaClient } from '../../../../src/kafka/client/client.ts';
import { appendPositions, ensureOffsetsTopic, loadPositions } from '../../../../src/kafka/storage/offset-store.ts';
import { silent } from '../../../../src/observability/silent.ts';
import { anyFile } from '../../../support/files.ts';

const fileSink = fileStreamSink(anyFile);
const fileSource = fileStreamSource(anyFile);

// Runs one task of a file connector on the engine, in a process that can be killed. Exits with 0 on SIGTERM.
export interface TaskOfFile {
  readonly kind: 'source' | 'sink';
  readonly kafka: string;
  readonly connector: string;
  readonly topic: string;
  readonly offsetsTopic: string;
  readonly props: Readonly<Record<string, string>>;
}

const { kind, kafka: broker, connector, topic, offsetsTopic, props } = JSON.parse(process.argv[2] ?? '') as TaskOfFile;
const kafka = kafkaClient({ brokers: [broker], clientId: 'test' }, silent);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const strings = stringConverter.create(parseTaskConfig(stringConverter.config, {}), false);
const pipeline = { transform: <R>(record: R) => record, keys: strings, values: strings, headers: strings };
const observer: TaskObserver = { read() {}, written() {}, skipped() {}, figures() {} };
const common = { connector, task: 0, kafka, observer, log: silent, signal: stop.signal };

if (kind === 'source')
  await runSource({
    ...common,
    source: fileSource,
    config: parseTaskConfig(fileSource.config, props),
    producer: { transactionalId: `${connector}-0`, compression: 'none', transactionTimeoutMs: 30_000 },
    offsets: {
      topic: offsetsTopic,
      async load(name) {
        await ensureOffsetsTopic(kafka, { topic: offsetsTopic, partitions: 1, replicationFactor: 1 });
        return loadPositions(kafka, offsetsTopic, name);
      },
      append: (batch, name, positions) => appendPositions(batch, offsetsTopic, name, positions),
    },
    encoder: new RecordEncoder({ ...pipeline, tolerant: false }),
    errorLog: { isEnabled: false, includesPosition: false },
    topics: { newTopic: () => null },
    limits: { batchBytes: 1 << 20, transactionBytes: 1 << 18, commitIntervalMs: 10 },
  });
else
  await runSink({
    ...common,
    cluster: 'test',
    // Each process is newer than the ones before.
    generation: Date.now(),
    attempt: 1,
    sink: fileSink,
    config: parseTaskConfig(fileSink.config, props),
    group: `connect-${connector}`,
    assignment: async () => [{ topic, partition: 0, topicId: '' }],
    reset: { to: 'earliest' },
    onRecreatedTopic: 'fail',
    decoder: new RecordDecoder(pipeline),
    tolerant: false,
    errorLog: { isEnabled: false, includesPosition: false },
    deadLetters: null,
    limits: { fetchBytes: 1 << 20, batchRecords: 1500, refreshMs: 10_000, commitMs: 200 },
  });
await kafka.close();

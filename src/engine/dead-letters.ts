import type { TopicPartition } from '../api/index.ts';
import { messageOf } from '../errors.ts';
import type { KafkaClient, ProducerOptions, RawHeader, RawRecord, TransactionalProducer } from '../kafka/port.ts';
import type { Stage } from './record-decoder.ts';

/** A record that could not be taken, as it was in Kafka, and why. */
export interface DeadLetter {
  readonly at: TopicPartition;
  readonly raw: RawRecord;
  readonly stage: Stage;
  readonly error: unknown;
}

export interface DeadLetterQueue {
  /** Resolves when they are committed. At least once: after a crash a record may be there again. */
  send(letters: readonly DeadLetter[]): Promise<void>;
  close(): Promise<void>;
}

export interface DeadLetterSettings {
  readonly topic: string;
  readonly replicationFactor: number;
  readonly contextHeaders: boolean;
  readonly connector: string;
  readonly task: number;
}

/** Connect's dead-letter queue (KIP-298): the same bytes, and with `context.headers.enable` why. */
export function deadLetterQueue(
  kafka: KafkaClient,
  options: ProducerOptions,
  settings: DeadLetterSettings,
): DeadLetterQueue {
  let producer: TransactionalProducer | undefined;
  async function open(): Promise<TransactionalProducer> {
    const { topic, replicationFactor } = settings;
    await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor }]);
    const opened = await kafka.producer(options);
    await opened.prepare([topic]);
    return opened;
  }
  return {
    async send(letters) {
      producer ??= await open();
      const batch = producer.batch();
      for (const letter of letters) append(batch, letter, settings);
      await producer.commit(batch);
    },
    async close() {
      await producer?.close();
    },
  };
}

const nothing = new Uint8Array(0);

function append(
  batch: ReturnType<TransactionalProducer['batch']>,
  { at, raw, stage, error }: DeadLetter,
  settings: DeadLetterSettings,
): void {
  const key = raw.key ?? nothing;
  const value = raw.value ?? nothing;
  const both = Buffer.concat([key, value]);
  const headers = settings.contextHeaders
    ? [...raw.headers, ...context({ at, raw, stage, error }, settings)]
    : raw.headers;
  batch.append(
    settings.topic,
    null,
    raw.timestamp,
    both,
    raw.key === null ? -1 : 0,
    key.length,
    raw.value === null ? -1 : key.length,
    both.length,
    headers,
  );
}

function context({ at, raw, stage, error }: DeadLetter, settings: DeadLetterSettings): RawHeader[] {
  const entries: [string, string][] = [
    ['topic', at.topic],
    ['partition', String(at.partition)],
    ['offset', String(raw.offset)],
    ['connector.name', settings.connector],
    ['task.id', String(settings.task)],
    ['stage', stage],
    ['exception.class.name', error instanceof Error ? error.name : 'Error'],
    ['exception.message', messageOf(error)],
    ['exception.stacktrace', error instanceof Error ? (error.stack ?? '') : ''],
  ];
  return entries.map(([name, text]) => ({ key: `__connect.errors.${name}`, value: Buffer.from(text) }));
}

import type { Log, TopicPartition } from '../../api/index.ts';
import { DataError, messageOf } from '../../errors.ts';
import type {
  KafkaClient,
  ProducerBatch,
  ProducerOptions,
  RawRecord,
  TransactionalProducer,
} from '../../kafka/port.ts';
import { deadLetterForms } from './dead-letter-forms.ts';
import type { Stage } from './record-decoder.ts';

/** A record that could not be processed, as fetched from Kafka, and the reason. */
export interface DeadLetter {
  readonly topicPartition: TopicPartition;
  readonly raw: RawRecord;
  readonly stage: Stage;
  /** Java class of the component that failed. */
  readonly componentClass: string | undefined;
  readonly error: unknown;
}

export interface DeadLetterQueue {
  /**
   * Resolves when the dead letters are committed. At least once: after a crash a record may be sent again. A record that
   * the topic rejects in every form is logged and counted.
   */
  send(deadLetters: readonly DeadLetter[]): Promise<void>;
  close(): Promise<void>;
}

export interface DeadLetterSettings {
  readonly topic: string;
  readonly replicationFactor: number;
  readonly contextHeaders: boolean;
  readonly connector: string;
  readonly task: number;
  /** Replaces secrets in a text. */
  redact(text: string): string;
  /** Counts dead letters. failed: those that the topic rejected. */
  countDeadLetters(sent: number, failed: number): void;
  readonly log: Log;
}

/** Kafka Connect's dead-letter queue (KIP-298): the same bytes and, with `context.headers.enable`, headers with the reason. */
export function createDeadLetterQueue(
  kafka: KafkaClient,
  options: ProducerOptions,
  settings: DeadLetterSettings,
): DeadLetterQueue {
  const { topic, log, countDeadLetters } = settings;
  let producer: TransactionalProducer | undefined;

  async function openProducer(): Promise<TransactionalProducer> {
    const { replicationFactor } = settings;
    await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor }]);
    const opened = await kafka.producer(options);
    await opened.prepare([topic]);
    return opened;
  }

  async function closeProducer(): Promise<void> {
    const current = producer;
    producer = undefined;
    await current?.close();
  }

  async function send(deadLetters: readonly DeadLetter[]): Promise<void> {
    producer ??= await openProducer();
    const batch = producer.batch();
    for (const deadLetter of deadLetters) await append(batch, deadLetter, settings).catch(e => reject(deadLetter, e));
    try {
      await producer.commit(batch);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      await closeProducer();
      const [first] = deadLetters;
      if (first !== undefined && deadLetters.length === 1) reject(first, error);
      // The topic's limits may differ from those that the broker reports: each dead letter is tried in a transaction of its own.
      else for (const deadLetter of deadLetters) await send([deadLetter]);
    }
  }

  function reject({ topicPartition, raw }: DeadLetter, error: unknown): void {
    if (!(error instanceof DataError)) throw error;
    countDeadLetters(0, 1);
    const reason = settings.redact(messageOf(error));
    const record = `${topicPartition.topic}-${topicPartition.partition}@${raw.offset}`;
    log.error({ topic, record, reason }, 'record skipped and lost: the dead-letter queue rejects it');
  }

  return {
    async send(deadLetters) {
      await send(deadLetters);
      countDeadLetters(deadLetters.length, 0);
    },
    close: closeProducer,
  };
}

/** Appends the first form that the topic accepts, with the present time if the topic rejects the record's timestamp. */
async function append(batch: ProducerBatch, deadLetter: DeadLetter, settings: DeadLetterSettings): Promise<void> {
  const { topic } = settings;
  let rejection: unknown;
  for (const { key, value, headers } of deadLetterForms(deadLetter, settings)) {
    const bytes = Buffer.concat([key ?? noBytes, value ?? noBytes]);
    const keyEnd = key?.length ?? 0;
    const [keyStart, valueStart] = [key === null ? -1 : 0, value === null ? -1 : keyEnd];
    for (const timestamp of [deadLetter.raw.timestamp, null])
      try {
        await batch.append(topic, null, timestamp, bytes, keyStart, keyEnd, valueStart, bytes.length, headers);
        return;
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        rejection = error;
      }
  }
  throw rejection;
}

const noBytes = new Uint8Array(0);

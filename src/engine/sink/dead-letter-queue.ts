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

/** A record that could not be taken, as it was in Kafka, and why. */
export interface DeadLetter {
  readonly at: TopicPartition;
  readonly raw: RawRecord;
  readonly stage: Stage;
  /** Java class of the component that could not take it. */
  readonly component: string | undefined;
  readonly error: unknown;
}

export interface DeadLetterQueue {
  /**
   * Resolves when they are committed. At least once: after a crash a record may be there again. One that the topic does
   * not take in any form is logged and counted.
   */
  send(letters: readonly DeadLetter[]): Promise<void>;
  close(): Promise<void>;
}

export interface DeadLetterSettings {
  readonly topic: string;
  readonly replicationFactor: number;
  readonly contextHeaders: boolean;
  readonly connector: string;
  readonly task: number;
  /** Takes secrets out of a text. */
  redact(text: string): string;
  /** Counts what was sent, and what of it could not be kept. */
  count(sent: number, failed: number): void;
  readonly log: Log;
}

/** Connect's dead-letter queue (KIP-298): the same bytes, and with `context.headers.enable` why. */
export function deadLetterQueue(
  kafka: KafkaClient,
  options: ProducerOptions,
  settings: DeadLetterSettings,
): DeadLetterQueue {
  const { topic, log, count } = settings;
  let producer: TransactionalProducer | undefined;

  async function open(): Promise<TransactionalProducer> {
    const { replicationFactor } = settings;
    await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor }]);
    const opened = await kafka.producer(options);
    await opened.prepare([topic]);
    return opened;
  }

  async function close(): Promise<void> {
    const open = producer;
    producer = undefined;
    await open?.close();
  }

  function lose({ at, raw }: DeadLetter, error: unknown): void {
    count(0, 1);
    const reason = settings.redact(messageOf(error));
    log.error(
      { topic, record: `${at.topic}-${at.partition}@${raw.offset}`, reason },
      'a record is left out, and the dead letter queue does not take it',
    );
  }

  async function send(letters: readonly DeadLetter[]): Promise<void> {
    producer ??= await open();
    const batch = producer.batch();
    for (const letter of letters) await append(batch, letter, settings).catch(error => refused(letter, error));
    try {
      await producer.commit(batch);
    } catch (error) {
      // The topic takes less than it says, or does not say: each by itself.
      if (!(error instanceof DataError)) throw error;
      await close();
      const [only] = letters;
      if (only !== undefined && letters.length === 1) lose(only, error);
      else for (const letter of letters) await send([letter]);
    }
  }

  function refused(letter: DeadLetter, error: unknown): void {
    if (!(error instanceof DataError)) throw error;
    lose(letter, error);
  }

  return {
    async send(letters) {
      await send(letters);
      count(letters.length, 0);
    },
    close,
  };
}

/** In the first form that the topic takes, and at the present time where it does not take the record's. */
async function append(batch: ProducerBatch, letter: DeadLetter, settings: DeadLetterSettings): Promise<void> {
  const { topic } = settings;
  let refusal: unknown;
  for (const { key, value, headers } of deadLetterForms(letter, settings)) {
    const bytes = Buffer.concat([key ?? nothing, value ?? nothing]);
    const keyEnd = key?.length ?? 0;
    const [keyStart, valueStart] = [key === null ? -1 : 0, value === null ? -1 : keyEnd];
    for (const timestamp of [letter.raw.timestamp, null])
      try {
        await batch.append(topic, null, timestamp, bytes, keyStart, keyEnd, valueStart, bytes.length, headers);
        return;
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        refusal = error;
      }
  }
  throw refusal;
}

const nothing = new Uint8Array(0);

import { DataError, messageOf } from '../../errors.ts';
import type { RawHeader } from '../../kafka/port.ts';
import type { DeadLetter, DeadLetterSettings } from './dead-letter-queue.ts';

export interface DeadLetterForm {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RawHeader[];
}

/** Characters of a shortened message or stack trace. */
const SHORT_TEXT = 500;
const PREFIX = '__connect.errors.';

/**
 * Yields a dead letter in full, then in smaller forms for a topic that rejects it: with shortened texts, without the context,
 * without the value, with the record's coordinates only. A header names each part that is missing.
 */
export function* deadLetterForms(deadLetter: DeadLetter, settings: DeadLetterSettings): Generator<DeadLetterForm> {
  const { key, value, headers } = deadLetter.raw;
  if (settings.contextHeaders) {
    yield { key, value, headers: [...headers, ...context(deadLetter, settings, Number.POSITIVE_INFINITY)] };
    yield { key, value, headers: [...headers, ...context(deadLetter, settings, SHORT_TEXT)] };
  }
  yield { key, value, headers };
  const shortContext = context(deadLetter, settings, SHORT_TEXT);
  const dropped = (part: string, bytes: Uint8Array | null): RawHeader[] =>
    bytes === null ? [] : [header(`millrace.${part}.dropped`, `${bytes.length} bytes, too large for this topic`)];
  yield { key, value: null, headers: [...headers, ...shortContext, ...dropped('value', value)] };
  yield { key: null, value: null, headers: [...shortContext, ...dropped('value', value), ...dropped('key', key)] };
}

function context(
  { topicPartition, raw, stage, componentClass, error }: DeadLetter,
  { connector, task, redact }: DeadLetterSettings,
  maxLength: number,
): RawHeader[] {
  const redactAndCut = (text: string): string => cut(redact(text), maxLength);
  return [
    header('topic', topicPartition.topic),
    header('partition', String(topicPartition.partition)),
    header('offset', String(raw.offset)),
    header('connector.name', connector),
    header('task.id', String(task)),
    header('stage', stage),
    ...(componentClass === undefined ? [] : [header('class.name', componentClass)]),
    header('exception.class.name', `org.apache.kafka.connect.errors.${javaException(error)}`),
    header('exception.message', redactAndCut(messageOf(error))),
    header('exception.stacktrace', redactAndCut(error instanceof Error ? (error.stack ?? '') : '')),
  ];
}

/** Exception class that Kafka Connect's components throw for the error. */
const javaException = (error: unknown) => (error instanceof DataError ? 'DataException' : 'ConnectException');

const header = (name: string, text: string): RawHeader => ({ key: PREFIX + name, value: Buffer.from(text) });

const cut = (text: string, maxLength: number): string =>
  text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;

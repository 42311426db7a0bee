import { DataError, messageOf } from '../../errors.ts';
import type { RawHeader } from '../../kafka/port.ts';
import type { DeadLetter, DeadLetterSettings } from './dead-letter-queue.ts';

export interface DeadLetterForm {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RawHeader[];
}

/** Characters of a message or stack trace where all of it does not fit. */
const SHORT = 500;
const PREFIX = '__connect.errors.';

/**
 * A dead letter as it should be, and then in ever smaller forms for a topic that does not take that: with texts cut,
 * without the context, without the value, with nothing but the place of the record. What is missing is named in a header.
 */
export function* deadLetterForms(letter: DeadLetter, settings: DeadLetterSettings): Generator<DeadLetterForm> {
  const { key, value, headers } = letter.raw;
  if (settings.contextHeaders) {
    yield { key, value, headers: [...headers, ...context(letter, settings, Number.POSITIVE_INFINITY)] };
    yield { key, value, headers: [...headers, ...context(letter, settings, SHORT)] };
  }
  yield { key, value, headers };
  const place = context(letter, settings, SHORT);
  const dropped = (part: string, bytes: Uint8Array | null): RawHeader[] =>
    bytes === null ? [] : [header(`millrace.${part}.dropped`, `${bytes.length} bytes, too large for this topic`)];
  yield { key, value: null, headers: [...headers, ...place, ...dropped('value', value)] };
  yield { key: null, value: null, headers: [...place, ...dropped('value', value), ...dropped('key', key)] };
}

function context(
  { at, raw, stage, component, error }: DeadLetter,
  { connector, task, redact }: DeadLetterSettings,
  most: number,
): RawHeader[] {
  const told = (text: string): string => cut(redact(text), most);
  return [
    header('topic', at.topic),
    header('partition', String(at.partition)),
    header('offset', String(raw.offset)),
    header('connector.name', connector),
    header('task.id', String(task)),
    header('stage', stage),
    ...(component === undefined ? [] : [header('class.name', component)]),
    header('exception.class.name', `org.apache.kafka.connect.errors.${javaException(error)}`),
    header('exception.message', told(messageOf(error))),
    header('exception.stacktrace', told(error instanceof Error ? (error.stack ?? '') : '')),
  ];
}

/** As Kafka Connect's own components have it. */
const javaException = (error: unknown) => (error instanceof DataError ? 'DataException' : 'ConnectException');

const header = (name: string, text: string): RawHeader => ({ key: PREFIX + name, value: Buffer.from(text) });

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most)}…`);

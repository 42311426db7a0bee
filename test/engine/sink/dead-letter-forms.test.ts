import { expect, test } from 'vitest';
import { deadLetterForms } from '../../../src/engine/sink/dead-letter-forms.ts';
import { DataError } from '../../../src/errors.ts';
import type { RawHeader, RawRecord } from '../../../src/kafka/port.ts';
import { silent } from '../../../src/observability/silent.ts';

const raw: RawRecord = {
  offset: 7,
  timestamp: 0,
  key: Buffer.from('key'),
  value: Buffer.alloc(5000),
  headers: [{ key: 'own', value: Buffer.alloc(300) }],
  size: 5003,
};
const deadLetter = {
  topicPartition: { topic: 'orders', partition: 3 },
  raw,
  stage: 'TASK_PUT' as const,
  componentClass: 'org.apache.kafka.connect.sink.SinkTask',
  error: new DataError(`no login with hunter2: ${'x'.repeat(2000)}`),
};
const settings = (contextHeaders: boolean) => ({
  topic: 'dead-letters',
  replicationFactor: 1,
  contextHeaders,
  connector: 'copy',
  task: 1,
  redact: (text: string) => text.replaceAll('hunter2', '[hidden]'),
  countDeadLetters() {},
  log: silent,
});
const forms = (contextHeaders: boolean) => [...deadLetterForms(deadLetter, settings(contextHeaders))];
const bytesOf = (headers: readonly RawHeader[]) =>
  headers.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
const sizes = (contextHeaders: boolean) =>
  forms(contextHeaders).map(({ key, value, headers }) => (key?.length ?? 0) + (value?.length ?? 0) + bytesOf(headers));

test('each form is smaller than the previous one, and the last contains nothing of the record', () => {
  for (const contextHeaders of [true, false]) {
    const all = sizes(contextHeaders);
    expect(all).toEqual(all.toSorted((a, b) => b - a));
    const last = forms(contextHeaders).at(-1);
    expect(last).toMatchObject({ key: null, value: null });
    expect(last?.headers.map(({ key }) => key)).not.toContain('own');
    expect(last?.headers.map(({ key }) => key)).toContain('__connect.errors.millrace.value.dropped');
  }
  expect(forms(false)[0]).toEqual({ key: raw.key, value: raw.value, headers: raw.headers });
});

test('messages and stack traces contain no secrets, in full and shortened', () => {
  for (const { headers } of [...forms(true), ...forms(false)]) {
    const texts = headers.map(({ value }) => value?.toString() ?? '').join('\n');
    expect(texts).not.toContain('hunter2');
    if (headers.length > 1) expect(texts).toContain('[hidden]');
  }
});

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
const letter = {
  at: { topic: 'orders', partition: 3 },
  raw,
  stage: 'TASK_PUT' as const,
  component: 'org.apache.kafka.connect.sink.SinkTask',
  error: new DataError(`no login with hunter2: ${'x'.repeat(2000)}`),
};
const settings = (contextHeaders: boolean) => ({
  topic: 'letters',
  replicationFactor: 1,
  contextHeaders,
  connector: 'copy',
  task: 1,
  redact: (text: string) => text.replaceAll('hunter2', '[hidden]'),
  count() {},
  log: silent,
});
const forms = (contextHeaders: boolean) => [...deadLetterForms(letter, settings(contextHeaders))];
const bytesOf = (headers: readonly RawHeader[]) =>
  headers.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
const sizes = (contextHeaders: boolean) =>
  forms(contextHeaders).map(({ key, value, headers }) => (key?.length ?? 0) + (value?.length ?? 0) + bytesOf(headers));

test('each form is smaller than the one before, and the last has nothing of the record', () => {
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

test('no secret is in a message or a stack trace, however much of it is cut', () => {
  for (const { headers } of [...forms(true), ...forms(false)]) {
    const texts = headers.map(({ value }) => value?.toString() ?? '').join('\n');
    expect(texts).not.toContain('hunter2');
    if (headers.length > 1) expect(texts).toContain('[hidden]');
  }
});

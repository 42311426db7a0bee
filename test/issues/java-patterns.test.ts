import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type ResponsiveWorker, startResponsiveWorker } from '../support/responsive-worker.ts';
import { uniqueName } from '../support/topic.ts';

/** Patterns are validated and run as in Java, or rejected; none is accepted with another meaning. */
let worker: ResponsiveWorker;
beforeAll(async () => {
  worker = await startResponsiveWorker('java_patterns');
});
afterAll(() => worker?.[Symbol.asyncDispose]());

const text = 'org.apache.kafka.connect.storage.StringConverter';

test.each([
  ['case-insensitive', (name: string) => `(?i)${name.toUpperCase()}`],
  ['possessive', (name: string) => `${name.slice(0, -1)}[a-z0-9]++`],
  ['quoted', (name: string) => `\\Q${name.slice(0, -1)}\\E.`],
  ['POSIX class', (name: string) => `\\p{Lower}++${name.replace(/^[a-z]+/, '')}`],
  ['intersection', (name: string) => `${name.slice(0, -1)}[a-z0-9&&[^A-Z]]`],
  ['hyphen after a class', (name: string) => `[\\w-.]+${name.slice(-4)}`],
  ['comments', (name: string) => `(?x) ${name} # this topic`],
  ['look-ahead', (name: string) => `(?!__)${name}`],
])('topics.regex: %s', async (_what, pattern) => {
  const topic = uniqueName('topic');
  const file = join(worker.folder, topic);
  await worker.produce(topic, [{ value: 'one' }]);
  await worker.create(topic, {
    'connector.class': 'FileStreamSink',
    file,
    'topics.regex': pattern(topic),
    'value.converter': text,
  });
  await eventually('the line is written', async () => (await readFile(file, 'utf8')) === 'one\n');
});

const validate = async (plugin: string, config: Record<string, string>): Promise<Record<string, string[]>> => {
  const answer = await fetch(`${worker.url}/connector-plugins/${plugin}/config/validate`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ 'connector.class': plugin, name: 'x', ...config }),
  });
  const { configs } = (await answer.json()) as { configs: { value: { name: string; errors: string[] } }[] };
  return Object.fromEntries(configs.map(({ value }) => [value.name, value.errors]));
};

test.each([
  ['FileStreamSink', 'topics.regex', {}],
  ['PostgresConnector', 'table.include.list', {}],
  ['PostgresConnector', 'column.exclude.list', {}],
  ['PostgresConnector', 'message.prefix.include.list', {}],
  ['io.debezium.connector.jdbc.JdbcSinkConnector', 'field.include.list', {}],
  ['io.confluent.connect.jdbc.JdbcSourceConnector', 'table.include.list', {}],
  ['FileStreamSink', 'transforms.r.regex', { transforms: 'r', 'transforms.r.type': 'RegexRouter' }],
  ['FileStreamSink', 'predicates.p.pattern', { predicates: 'p', 'predicates.p.type': 'TopicNameMatches' }],
  ['FileStreamSource', 'topic.creation.g.include', { 'topic.creation.groups': 'g' }],
])('%s rejects patterns in %s that cannot run as in Java, and accepts others', async (plugin, key, more) => {
  for (const refused of ['(', '[z-a]', '(?U)x', '(a)|\\1', '(?<=a*)b'])
    expect((await validate(plugin, { ...more, [key]: refused }))[key] ?? [], refused).not.toEqual([]);
  for (const accepted of ['(?i)x', 'a++', '\\Qa.\\Eb', '\\p{Upper}', '[a-z&&[^x]]', '(?x) a', '([\\w-.]+)', '(?!x).*'])
    expect((await validate(plugin, { ...more, [key]: accepted }))[key] ?? [], accepted).toEqual([]);
});

test('a replacement with an unknown group is rejected', async () => {
  const key = 'transforms.r.replacement';
  const config = { transforms: 'r', 'transforms.r.type': 'RegexRouter', 'transforms.r.regex': '(a)b' };
  expect((await validate('FileStreamSink', { ...config, [key]: '$2' }))[key]).toEqual(['Invalid regex: No group 2']);
  expect((await validate('FileStreamSink', { ...config, [key]: '$1' }))[key]).toEqual([]);
});

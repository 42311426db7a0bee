import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { type ResponsiveWorker, startResponsiveWorker } from '../support/responsive-worker.ts';

/** Date patterns and time zone names have Java's meaning; others are an error. */
const draw = generator(import.meta.url);
let worker: ResponsiveWorker;
beforeAll(async () => {
  worker = await startResponsiveWorker('java_dates');
});
afterAll(() => worker?.[Symbol.asyncDispose]());

/** A file sink of strings, with one transform. */
async function sink(texts: readonly string[], transform: Record<string, string>) {
  const [name, topic] = [draw.sinkName(), draw.topic()];
  const file = join(worker.folder, topic);
  await worker.produce(
    topic,
    texts.map(value => ({ value })),
  );
  await worker.create(name, {
    'connector.class': 'FileStreamSink',
    file,
    topics: topic,
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    ...transform,
  });
  const lines = () => readFile(file, 'utf8').catch(() => '');
  return { name, topic, lines };
}

const converter = (format: string): Record<string, string> => ({
  transforms: 'c',
  'transforms.c.type': 'org.apache.kafka.connect.transforms.TimestampConverter$Value',
  'transforms.c.target.type': 'unix',
  'transforms.c.format': format,
});

const errorsOf = async (transform: Record<string, string>, key: string): Promise<string[]> => {
  const answer = await fetch(`${worker.url}/connector-plugins/FileStreamSink/config/validate`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ 'connector.class': 'FileStreamSink', name: 'x', topics: 't', ...transform }),
  });
  const { configs } = (await answer.json()) as { configs: { value: { name: string; errors: string[] } }[] };
  return configs.find(({ value }) => value.name === key)?.value.errors ?? [];
};

const router = (format: string): Record<string, string> => ({
  transforms: 'r',
  'transforms.r.type': 'org.apache.kafka.connect.transforms.TimestampRouter',
  'transforms.r.timestamp.format': format,
});

test('every letter of SimpleDateFormat is accepted; what Java rejects is rejected with its letter or position', async () => {
  for (const letter of 'GyYMLwWDdFEuaHkKhmsSzZX')
    expect(await errorsOf(router(letter), 'transforms.r.timestamp.format'), letter).toEqual([]);
  for (const [format, message] of [
    ['yyyyq', "'q' at position 4"],
    ["yyyy'T", 'Unterminated quote at position 4'],
    ['XXXX', 'position 0'],
    ['ss.SSSSSS', '6 letters S at position 3'],
  ] as const)
    expect((await errorsOf(router(format), 'transforms.r.timestamp.format'))[0]).toContain(message);
});

test('YYYYMM routes by week year, with a warning that recommends yyyy', async () => {
  const { topic, lines } = await sink(['one'], {
    transforms: 'h,r,i',
    'transforms.h.type': 'HoistField$Value',
    'transforms.h.field': 'line',
    'transforms.r.type': 'TimestampRouter',
    'transforms.r.timestamp.format': 'YYYYMM',
    'transforms.i.type': 'InsertField$Value',
    'transforms.i.topic.field': 'topic',
  });
  await eventually('the record has its topic', async () =>
    new RegExp(`^Struct\\{line=one,topic=${topic}-20\\d{4}\\}\n$`).test(await lines()),
  );
  const log = await readFile(join(worker.folder, `worker-${new URL(worker.url).port}.log`), 'utf8');
  expect(log).toMatch(/transforms\.r\.timestamp\.format.*YYYYMM: YYYY is the year .*; yyyy is probably meant/);
});

test('time zone names are parsed as in Java', async () => {
  const { lines } = await sink(
    ['2024-07-09 15:04:05 EST', '2024-07-09 15:04:05 CEST', '2024-07-09 15:04:05 Pacific Daylight Time'],
    converter('yyyy-MM-dd HH:mm:ss z'),
  );
  const times = ['T20:04:05Z', 'T13:04:05Z', 'T22:04:05Z'].map(time => Date.parse(`2024-07-09${time}`));
  await eventually('all are read', async () => (await lines()) === times.map(time => `${time}\n`).join(''));
});

test('a fraction of six digits is read as milliseconds', async () => {
  const { lines } = await sink(['2024-07-09 15:04:05.123456'], converter('yyyy-MM-dd HH:mm:ss.SSSSSS'));
  await eventually('it is read', async () => (await lines()) === `${Date.parse('2024-07-09T15:04:05.123Z')}\n`);
});

test('a fraction with more digits than milliseconds is an error when S counts milliseconds', async () => {
  const { name, lines } = await sink(['2024-07-09 15:04:05.123456'], converter('yyyy-MM-dd HH:mm:ss.SSS'));
  await eventually('the task fails', async () => {
    const [task] = (await worker.status(encodeURIComponent(name))).tasks;
    return task?.state === 'FAILED' && (task.trace ?? '').includes('more than three digits for SSS');
  });
  expect(await lines()).toBe('');
});

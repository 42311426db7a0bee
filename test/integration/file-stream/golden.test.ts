import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorkerProcess } from '../../../src/demo/worker-process.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { noKafkaConnect } from '../../support/kafka-connect.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';
import { inputs } from './golden/cases.ts';
import { type Golden, play, playAtKafkaConnect } from './golden/play.ts';

/** Output of Kafka Connect's file connectors for the same files and records: see programs/record.ts. */
const golden: Golden = JSON.parse(await readFile(join(import.meta.dirname, 'golden/golden.json'), 'utf8'));
let folder: string;
let ours: Golden;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-file-golden-'));
  const group = uniqueName('file-golden');
  const worker = await startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'temporal.address': servers().temporal,
  });
  try {
    ours = await play(worker.url, servers().kafka, group, join(folder, 'files'));
  } finally {
    await worker.stop();
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/**
 * Bytes of half a surrogate pair are not UTF-8. Java decodes them to one U+FFFD; the Encoding Standard, which Node
 * implements, to three.
 */
const asOurs = (text: string): string => text.replace('"�","�","�","�"', '"�","�","���","�"');
const payloadsOf = (parts: Golden['source'][string] | undefined): string =>
  JSON.stringify(parts?.flat().map(({ value }) => JSON.parse(value ?? 'null').payload));

describe('records of a file are equal to the byte', () => {
  test.each(Object.keys(inputs).filter(name => name !== 'no utf-8'))('%s', name => {
    expect(ours.source[name]).toEqual(golden.source[name]);
  });
});

test('invalid UTF-8 is decoded equally, except half a surrogate pair', () => {
  const theirs = payloadsOf(golden.source['no utf-8']);
  expect(asOurs(theirs)).not.toBe(theirs);
  expect(payloadsOf(ours.source['no utf-8'])).toBe(asOurs(theirs));
});

test('lines of records are equal to the byte', () => {
  const text = (of: Golden) => Buffer.from(of.sink, 'base64').toString();
  expect(text(ours)).toBe(text(golden));
});

test.skipIf(noKafkaConnect)('Kafka Connect gives the recorded output', { timeout: 300_000 }, async () => {
  expect(await playAtKafkaConnect(servers().kafka)).toEqual(golden);
});

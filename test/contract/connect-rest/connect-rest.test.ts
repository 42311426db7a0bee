import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { noKafkaConnect } from '../../support/kafka-connect.ts';
import { servers } from '../../support/servers.ts';
import { steps } from './cases.ts';
import { createFixtures } from './fixtures.ts';
import { answersOfConnect, golden } from './golden.ts';
import { replay } from './replay.ts';
import type { Answer } from './step.ts';

const recorded = await golden();

test('the recording matches the script', () => {
  expect(Object.keys(recorded)).toEqual(steps.map(step => step.name));
});

describe('Millrace answers like Kafka Connect', () => {
  let folder: string;
  let around: Awaited<ReturnType<typeof createFixtures>> | undefined;
  let worker: WorkerProcess | undefined;
  let answers: ReadonlyMap<string, Answer>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-contract-'));
    around = await createFixtures(false);
    const group = around.values.topic;
    worker = await startWorkerProcess(folder, await freePort(), {
      'bootstrap.servers': servers().kafka,
      'group.id': group,
      'offset.storage.topic': `${group}-offsets`,
      'config.storage.topic': `${group}-configs`,
      'temporal.address': servers().temporal,
    });
    answers = await replay(worker.url, steps, around.values);
  }, 180_000);
  afterAll(async () => {
    await worker?.stop();
    await around?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(steps.filter(step => step.differs === undefined))('$name: $method $path', ({ name }) => {
    expect(answers.get(name)).toEqual(recorded[name]);
  });

  describe('except for documented differences', () => {
    test.each(steps.flatMap(step => (step.differs === undefined ? [] : { ...step, differs: step.differs })))(
      '$name: $differs.reason',
      ({ name, differs }) => {
        const answer = answers.get(name);
        if (differs.sometimes !== true) expect(answer).not.toEqual(recorded[name]);
        expect(answer?.status).toBe(differs.status);
        const body = answer?.body as { message?: string } | undefined;
        if (differs.pattern !== undefined)
          expect(JSON.stringify(answer?.statuses) ?? body?.message ?? JSON.stringify(body)).toMatch(differs.pattern);
      },
    );
  });
});

/** Answers without those that Kafka Connect gives only sometimes. */
const withoutVariable = (answers: Readonly<Record<string, Answer>>) => {
  const sometimes = new Set(steps.filter(({ differs }) => differs?.sometimes).map(({ name }) => name));
  return Object.fromEntries(Object.entries(answers).filter(([name]) => !sometimes.has(name)));
};

test.skipIf(noKafkaConnect)('Kafka Connect answers as recorded', { timeout: 300_000 }, async () => {
  expect(withoutVariable(await answersOfConnect())).toEqual(withoutVariable(recorded));
});

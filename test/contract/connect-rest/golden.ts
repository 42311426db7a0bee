import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startKafkaConnect } from '../../support/kafka-connect.ts';
import { servers } from '../../support/servers.ts';
import { steps } from './cases.ts';
import { createFixtures } from './fixtures.ts';
import { replay } from './replay.ts';
import type { Answer } from './step.ts';

/** Recorded answers of Kafka Connect. */
export const goldenFile = join(import.meta.dirname, 'golden.json');
export const golden = async (): Promise<Readonly<Record<string, Answer>>> =>
  JSON.parse(await readFile(goldenFile, 'utf8'));

/** Starts a Kafka Connect worker and returns its answers. */
export async function answersOfConnect(where = servers()): Promise<Record<string, Answer>> {
  await using around = await createFixtures(true, where);
  await using worker = await startKafkaConnect(where.kafka, around.values.topic);
  return Object.fromEntries(await replay(worker.url, steps, around.values));
}

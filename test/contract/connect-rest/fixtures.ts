import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { silent } from '../../../src/observability/silent.ts';
import { createDatabase } from '../../support/database.ts';
import { type Servers, servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';
import type { Fixtures } from './step.ts';

/** Three lines, 14 bytes. */
const LINES = 'one\ntwo\nthree\n';

/**
 * Creates a database, a folder with `input.txt`, and a unique name for a topic without writers and for the worker's
 * group. withPassword: put the password into the database's URL, which Millrace would redact as a whole.
 */
export async function createFixtures(
  withPassword: boolean,
  where: Servers = servers(),
): Promise<AsyncDisposable & { values: Fixtures }> {
  const database = await createDatabase('contract', where.postgres);
  const topic = uniqueName('contract');
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'contract-')));
  await writeFile(join(folder, 'input.txt'), LINES);
  const { host, port, user, password } = database.connection;
  const secret = withPassword && password !== '' ? `?password=${encodeURIComponent(password)}` : '';
  return {
    values: {
      topic,
      user,
      url: `jdbc:postgresql://${host}:${port}/${database.name}${secret}`,
      host,
      port: String(port),
      database: database.name,
      password: password || 'unused',
      folder,
    },
    async [Symbol.asyncDispose]() {
      const kafka = kafkaClient({ brokers: [where.kafka], clientId: topic }, silent);
      const topics = await kafka.admin.topics();
      await kafka.admin.deleteTopics(topics.filter(one => one === topic || one.startsWith(`${topic}-`)));
      await kafka.close();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
}

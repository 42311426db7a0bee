import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/** A configuration that names a pipe or an endless device as a certificate blocks only its own request. */
const group = uniqueName('pipes');
let folder: string;
let pipe: string;
let worker: WorkerProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-pipes-'));
  pipe = join(folder, 'pipe');
  await promisify(execFile)('mkfifo', [pipe]);
  worker = await startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'temporal.address': servers().temporal,
    'config.providers': 'file,dir',
    'config.providers.file.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
    'config.providers.dir.class': 'org.apache.kafka.common.config.provider.DirectoryConfigProvider',
  });
});
afterAll(async () => {
  await worker?.kill9();
  await rm(folder, { recursive: true, force: true });
});

const elastic = { 'connector.class': 'ElasticsearchSink', topics: 't', 'connection.url': 'https://127.0.0.1:1' };
const postgres = {
  'connector.class': 'PostgresConnector',
  'database.hostname': '127.0.0.1',
  'database.port': '1',
  'database.user': 'u',
  'database.password': 'p',
  'database.dbname': 'd',
  'database.sslmode': 'verify-ca',
  'topic.prefix': 'p',
};
const jdbc = { 'connector.class': 'JdbcSource', 'topic.prefix': 'p-', mode: 'bulk' };
const urls = 'jdbc:postgresql://127.0.0.1:1/d?sslmode=verify-ca&sslrootcert=';
const file = { 'connector.class': 'FileStreamSource', topic: 't' };

const configs = (path: string): readonly Record<string, string>[] => [
  { ...postgres, 'database.sslrootcert': path },
  { ...postgres, 'database.sslcert': path },
  { ...postgres, 'database.sslkey': path },
  { ...jdbc, 'connection.url': urls + path },
  {
    ...elastic,
    'elastic.security.protocol': 'SSL',
    'elastic.https.ssl.truststore.location': path,
  },
  { ...elastic, 'elastic.security.protocol': 'SSL', 'elastic.https.ssl.keystore.location': path },
  // Each would block one of the few threads that read files.
  ...Array.from({ length: 6 }, () => ({ ...file, file: `\${file:${path}:key}` })),
  ...Array.from({ length: 6 }, () => ({
    ...file,
    file: `\${dir:${path.replace(/\/[^/]*$/, '')}:${path.replace(/.*\//, '')}}`,
  })),
];

async function validated(config: Record<string, string>): Promise<void> {
  const { 'connector.class': plugin } = config;
  const answer = await fetch(`${worker.url}/connector-plugins/${plugin}/config/validate`, {
    method: 'PUT',
    body: JSON.stringify({ name: uniqueName('pipe'), ...config }),
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(10_000),
  });
  const text = await answer.text();
  expect(text).toMatch(/not a regular file|has more than/);
}

test.each([
  ['a pipe without a writer', () => pipe],
  ['an endless device', () => '/dev/zero'],
])('%s is rejected with a message, and the worker answers', async (_, path) => {
  for (const config of configs(path())) await validated(config);
  expect((await fetch(worker.url, { signal: AbortSignal.timeout(5000) })).status).toBe(200);
});

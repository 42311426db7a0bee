import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { millrace } from '../../cli/run.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

/** A worker with Kafka Connect's properties for access, some from a configuration provider. */
const group = uniqueName('access');
const extension = 'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension';
let folder: string;
let admin: string;
let worker: WorkerProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-access-test-'));
  const [users, jaas, kept] = ['users.properties', 'jaas.conf', 'kept.properties'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(kept, `kafka=${servers().kafka}\nframes=DENY\n`);
  await writeFile(users, 'alice=s3cret\n');
  await writeFile(
    jaas,
    `KafkaConnect {
       org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required file="${users}";
     };`,
  );
  admin = `http://127.0.0.1:${await freePort()}`;
  worker = await startWorkerProcess(
    folder,
    await freePort(),
    {
      'config.providers': 'file',
      'config.providers.file.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
      'bootstrap.servers': `\${file:${kept}:kafka}`,
      'group.id': group,
      'offset.storage.topic': `${group}-offsets`,
      'config.storage.topic': `${group}-configs`,
      'temporal.address': servers().temporal,
      'admin.listeners': admin,
      'access.control.allow.origin': 'http://console.example',
      'response.http.headers.config': `set X-Frame-Options: \${file:${kept}:frames}`,
      'rest.extension.classes': extension,
      'java.security.auth.login.config': jaas,
    },
    { healthy: false },
  );
});
afterAll(async () => {
  await worker?.stop();
  await rm(folder, { recursive: true, force: true });
});

const alice = { authorization: `Basic ${Buffer.from('alice:s3cret').toString('base64')}` };

test('requires a login, and advertises the configured address', async () => {
  const [refused, allowed] = [
    await fetch(`${worker.url}/connectors`),
    await fetch(`${worker.url}/connectors`, { headers: { ...alice, origin: 'http://console.example' } }),
  ];
  expect([refused.status, allowed.status]).toEqual([401, 200]);
  expect([refused, allowed].map(({ headers }) => headers.get('x-frame-options'))).toEqual(['DENY', 'DENY']);
  expect(allowed.headers.get('access-control-allow-origin')).toBe('http://console.example');
});

test('serves /admin only on its own listener', async () => {
  const status = async (url: string, headers = {}) => (await fetch(url, { headers })).status;
  expect(await status(`${worker.url}/admin/loggers`, alice)).toBe(404);
  expect(await status(`${admin}/admin/loggers`)).toBe(401);
  expect(await status(`${admin}/admin/loggers`, alice)).toBe(200);
  expect(await status(`${admin}/connectors`, alice)).toBe(404);
});

test.each([[], ['--processes', '2']])('rejects unsupported properties at its start: %j', async (...args) => {
  const file = join(folder, 'unknown.properties');
  await writeFile(file, `listeners=http://127.0.0.1:0\nrest.extension.classes=com.example.Audit\n`);
  const ran = await millrace(['worker', file, ...args]);
  expect(ran).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/rest\.extension\.classes.*com\.example\.Audit/),
  });
});

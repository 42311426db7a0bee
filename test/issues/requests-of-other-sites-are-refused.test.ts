import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../src/demo/worker-process.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { eventually } from '../support/eventually.ts';
import { fileSources } from '../support/generate/configs.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';

/**
 * A page in a browser that can reach the API must not use it: neither through a DNS name that resolves to the worker's
 * address, nor through requests that browsers send to other origins without a preflight.
 */
const draw = generator(import.meta.url);
const group = uniqueName('sites');
const CONNECTIONS = 20;
let folder: string;
let worker: WorkerProcess;
let port: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-sites-'));
  worker = await startWorkerProcess(folder, await freePort(), {
    'bootstrap.servers': servers().kafka,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'temporal.address': servers().temporal,
    'rest.advertised.host.name': 'Worker-1.internal.example',
    'rest.allowed.hosts': 'connect, *.svc.cluster.local',
    'rest.connections.max': String(CONNECTIONS),
    'access.control.allow.origin': 'http://console.example',
  });
  port = new URL(worker.url).port;
});
afterAll(async () => {
  await worker?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

/** Sends the headers of a browser, which Node's `fetch` removes. */
async function send(method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<Answer> {
  const bytes = body === undefined ? undefined : JSON.stringify(body);
  const type = bytes === undefined ? {} : { 'content-type': 'application/json' };
  const sent = request(worker.url + path, { method, agent: false, headers: { ...type, ...headers } });
  const answered = new Promise<Answer>((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', async response => resolve({ status: response.statusCode, body: await text(response) }));
  });
  sent.end(bytes);
  return answered;
}

const statusOf = async (name: string) =>
  JSON.parse((await send('GET', `/connectors/${encodeURIComponent(name)}/status`, {})).body);

async function running(): Promise<string> {
  const [name, file] = [draw.connectorName(), join(folder, uniqueName('in'))];
  await writeFile(file, 'a line\n');
  const config = draw.value(fileSources(file, draw.topic()));
  expect(await send('POST', '/connectors', {}, { name, config })).toMatchObject({ status: 201 });
  await eventually('it runs', async () => (await statusOf(name)).tasks[0]?.state === 'RUNNING');
  return name;
}

describe('a request for another host', () => {
  test.each([
    'evil.example',
    'evil.example:8083',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'svc.cluster.local',
  ])('%s is answered with 421, whatever the path', async host => {
    const name = draw.connectorName();
    const config = draw.value(fileSources(join(folder, 'in'), draw.topic()));
    const ownOrigin = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
    for (const answer of [
      await send('POST', '/connectors', ownOrigin, { name, config }),
      await send('GET', '/connectors', ownOrigin),
      await send('GET', '/metrics', ownOrigin),
      await send('GET', '/nowhere', ownOrigin),
    ])
      expect(answer).toMatchObject({ status: 421, body: expect.stringContaining('rest.allowed.hosts') });
    expect(JSON.parse((await send('GET', '/connectors', {})).body)).not.toContain(name);
  });

  test.each(['[::1]x', '[evil]', 'a:b:c', 'a:x', ':', 'évil', '%31'])(
    'an invalid host is answered with 421: %j',
    async host => {
      const { status } = await send('GET', '/', { host: Buffer.from(host).toString('latin1') });
      expect([400, 421]).toContain(status);
    },
  );

  const validHosts = [
    ...[
      'localhost',
      'LOCALHOST:1',
      'api.localhost',
      'localhost.',
      '127.0.0.1',
      '10.1.2.3:8083',
      '[::1]',
      '[fe80::1]:80',
    ],
    ...['worker-1.internal.example', 'connect', 'CONNECT:8083', 'millrace.etl.svc.cluster.local:8083'],
    ...[hostname(), hostname().toUpperCase()],
  ];
  test.each(validHosts)('%s is answered', async host => {
    expect(await send('GET', '/', { host })).toMatchObject({ status: 200 });
  });
});

describe('a request of another site', () => {
  const headers: readonly [Record<string, string>, string][] = [
    [{ origin: 'http://evil.example' }, 'by its origin'],
    [{ origin: 'null' }, 'by a hidden origin'],
    [{ origin: 'http://localhost:3000' }, 'by the origin of another port'],
    [{ 'sec-fetch-site': 'cross-site' }, 'by its fetch metadata'],
    [{ 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' }, 'from the same machine by its fetch metadata'],
    [{ 'sec-fetch-site': 'cross-site', origin: 'http://console.example.evil' }, 'whose name has an allowed prefix'],
  ];
  let name: string;
  beforeAll(async () => {
    name = await running();
  });

  test.each(headers)('%j changes nothing', async more => {
    const path = `/connectors/${encodeURIComponent(name)}`;
    for (const [method, what] of [
      ['POST', 'restart?includeTasks=true'],
      ['POST', 'tasks/0/restart'],
      ['PUT', 'pause'],
      ['PUT', 'stop'],
      ['DELETE', ''],
      ['DELETE', 'offsets'],
    ] as const) {
      const answer = await send(method, `${path}/${what}`, more);
      expect(answer).toMatchObject({ status: 403, body: expect.stringContaining('access.control.allow.origin') });
    }
    expect((await send('PUT', '/admin/loggers/rest', more, { level: 'DEBUG' })).status).toBe(403);
    expect((await statusOf(name)).connector.state).toBe('RUNNING');
  });

  test('may read, because its browser does not show the answer', async () => {
    for (const [more] of headers) expect((await send('GET', '/connectors', more)).status).toBe(200);
  });

  const ownSite: readonly [string, () => Record<string, string>][] = [
    ['of no browser', () => ({})],
    ['from its own origin', () => ({ origin: `http://127.0.0.1:${port}` })],
    ['from its own origin behind a proxy', () => ({ origin: 'https://connect', host: 'connect' })],
    ['from its own origin with the port', () => ({ origin: 'https://connect:443', host: 'connect:443' })],
    ['from its own site', () => ({ 'sec-fetch-site': 'same-origin', origin: 'https://proxied.example' })],
    ['typed by a user', () => ({ 'sec-fetch-site': 'none' })],
    ['from an allowed origin', () => ({ origin: 'http://console.example' })],
    ['from an allowed site', () => ({ 'sec-fetch-site': 'cross-site', origin: 'http://console.example' })],
  ];
  test.each(ownSite)('a request %s is served', async (_, headersOf) => {
    const path = `/connectors/${encodeURIComponent(name)}/restart`;
    expect((await send('POST', path, headersOf())).status).toBe(204);
  });
});

test('connections beyond the limit are closed, and served again when others have closed', async () => {
  const sockets = Array.from({ length: CONNECTIONS + 5 }, () => connect(Number(port), '127.0.0.1'));
  const closed = new Set<Socket>();
  for (const socket of sockets) socket.on('error', () => undefined).once('close', () => closed.add(socket));
  await eventually('some are closed', () => closed.size >= 5);
  expect(closed.size).toBeLessThan(sockets.length);
  for (const socket of sockets) socket.destroy();
  await eventually('it answers', async () => (await send('GET', '/', {})).status === 200);
});

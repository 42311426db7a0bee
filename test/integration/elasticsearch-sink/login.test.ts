import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { elasticsearchUrl, TestIndex } from '../../support/elasticsearch.ts';
import { record, TestSink } from './sink.ts';
import { type Identity, identityFor, startFront, storePassword } from './tls-proxy.ts';

let folder: string;
let server: Identity;
let elsewhere: Identity;
let client: Identity;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-elastic-login-'));
  [server, elsewhere, client] = await Promise.all([
    identityFor(folder, '127.0.0.1'),
    identityFor(folder, 'elsewhere.example'),
    identityFor(folder, 'client'),
  ]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ssl = (props: Readonly<Record<string, string>>) => ({
  'elastic.security.protocol': 'SSL',
  ...Object.fromEntries(Object.entries(props).map(([key, value]) => [`elastic.https.ssl.${key}`, value])),
});

async function writes(url: string, config: Readonly<Record<string, string>>): Promise<void> {
  await using index = new TestIndex('login');
  await using sink = await TestSink.open(url, { ...config, 'max.retries': '0' });
  await sink.write([record(index.name, 0, { key: 'a', value: { n: 1 } })]);
  expect(await index.sources()).toEqual({ a: { n: 1 } });
}

describe('a login', () => {
  const user = { 'connection.username': 'elastic' };

  it('succeeds if it is right; a wrong or missing one is a configuration error', async () => {
    await using front = await startFront(elasticsearchUrl(), { identity: server, login: 'elastic:planted' });
    const trust = ssl({ 'truststore.location': server.pem });
    await writes(front.url, { ...trust, ...user, 'connection.password': 'planted' });
    for (const login of [{}, { ...user, 'connection.password': 'planted-wrong' }]) {
      const failure = await writes(front.url, { ...trust, ...login }).catch((error: Error) => error);
      expect(failure).toMatchObject({ code: 'SINK_SETUP', message: expect.stringContaining('connection.password') });
      expect(String(failure)).not.toContain('planted');
    }
  });
});

describe('a certificate', () => {
  it('that is not trusted, or for another host, is a configuration error', async () => {
    await using own = await startFront(elasticsearchUrl(), { identity: server });
    await expect(writes(own.url, {})).rejects.toMatchObject({
      code: 'SINK_SETUP',
      message: expect.stringMatching(/No TLS connection to 127\.0\.0\.1:\d+ \(DEPTH_ZERO_SELF_SIGNED_CERT\)/),
    });
    await using other = await startFront(elasticsearchUrl(), { identity: elsewhere });
    const trust = { 'truststore.location': elsewhere.pem };
    await expect(writes(other.url, ssl(trust))).rejects.toMatchObject({
      code: 'SINK_SETUP',
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    });
    await writes(other.url, ssl({ ...trust, 'endpoint.identification.algorithm': '' }));
  });

  it('of the client is sent if the server requests it', async () => {
    await using front = await startFront(elasticsearchUrl(), { identity: server, clients: client });
    const trust = { 'truststore.location': server.pem };
    await writes(front.url, ssl({ ...trust, 'keystore.location': client.store, 'keystore.password': storePassword }));
    await expect(writes(front.url, ssl(trust))).rejects.toMatchObject({ code: 'SINK_SETUP' });
  });
});

it('http to a TLS server fails to connect', async () => {
  await using front = await startFront(elasticsearchUrl(), { identity: server });
  await expect(writes(front.url.replace('https', 'http'), {})).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
});

it('a server that is not Elasticsearch is rejected', async () => {
  await using front = await startFront(`${elasticsearchUrl()}/nowhere`, { identity: server });
  await expect(writes(front.url, ssl({ 'truststore.location': server.pem }))).rejects.toMatchObject({
    code: 'SINK_SETUP',
    message: expect.stringContaining('is not Elasticsearch or OpenSearch'),
  });
});

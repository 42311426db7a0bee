import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseListeners, serve } from '../../../src/rest/listeners.ts';
import { createRestServer } from '../../../src/rest/server.ts';
import { type Authority, authority, type Certificate } from '../../support/certificates.ts';
import { recordingControl } from '../recording-control.ts';

let folder: string;
let testAuthority: Authority;
let server: Certificate;
let client: Certificate;
let stranger: Certificate;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-tls-test-'));
  testAuthority = await authority(folder);
  [server, client] = [await testAuthority.issue('server'), await testAuthority.issue('client')];
  stranger = await (await authority(folder, 'stranger')).issue('somebody');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const hello = (listener: Parameters<Parameters<typeof serve>[1]>[0]) => {
  const app = Fastify({ logger: false, ...(listener.tls && { https: listener.tls }) });
  app.get('/', async () => 'hello');
  return app;
};

/** The response of an https server with these properties, or the error. */
async function fetchHello(
  props: Record<string, string>,
  { as, ...more }: RequestOptions & { as?: Certificate } = {},
): Promise<string> {
  const serving = await serve(parseListeners({ listeners: 'https://127.0.0.1:0', ...props }), hello);
  try {
    const [url = ''] = serving.urls;
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const pem = as && (await readFile(as.pem));
    const req = request(url, {
      agent: false,
      ca: await readFile(testAuthority.ca),
      ...(pem && { key: pem, cert: pem }),
      ...more,
    });
    req.end();
    const [answer] = await once(req, 'response');
    return await text(answer);
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  } finally {
    await serving.close();
  }
}

const pkcs12 = () => ({
  'listeners.https.ssl.keystore.location': server.p12,
  'listeners.https.ssl.keystore.password': 'changeit',
  'listeners.https.ssl.keystore.type': 'PKCS12',
});
const asksFor = (auth: string) => ({
  ...pkcs12(),
  'listeners.https.ssl.truststore.location': testAuthority.ca,
  'listeners.https.ssl.client.auth': auth,
});

describe('a listener with https', () => {
  test('serves with a key and certificate of PKCS12', async () => {
    expect(await fetchHello(pkcs12())).toBe('hello');
  });

  test('serves with those of a PEM file', async () => {
    expect(await fetchHello({ 'listeners.https.ssl.keystore.location': server.pem })).toBe('hello');
  });

  test('serves with PEM in the properties themselves, on one line', async () => {
    const pem = await readFile(server.pem, 'utf8');
    const [key = '', cert = ''] = pem.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [];
    expect(
      await fetchHello({
        'listeners.https.ssl.keystore.key': key.replaceAll('\n', ' '),
        'listeners.https.ssl.keystore.certificate.chain': cert.replaceAll('\n', '\\n'),
      }),
    ).toBe('hello');
  });

  test('uses the keys without the prefix if no key has it', async () => {
    const plain = Object.fromEntries(
      Object.entries(pkcs12()).map(([name, value]) => [name.replace('listeners.https.', ''), value]),
    );
    expect(await fetchHello(plain)).toBe('hello');
    // One key with the prefix disables all keys without it.
    expect(() =>
      parseListeners({ listeners: 'https://:0', ...plain, 'listeners.https.ssl.client.auth': 'none' }),
    ).toThrow(/listeners\.https\.ssl\.keystore\.location/);
  });

  test('client certificates: required, requested or none', async () => {
    expect(await fetchHello(asksFor('required'), { as: client })).toBe('hello');
    expect(await fetchHello(asksFor('required'))).toMatch(/^refused/);
    expect(await fetchHello(asksFor('required'), { as: stranger })).toMatch(/^refused/);
    expect(await fetchHello(asksFor('Requested'))).toBe('hello');
    expect(await fetchHello(asksFor('none'))).toBe('hello');
  });

  test('enables the configured protocol versions', async () => {
    const only = { ...pkcs12(), 'listeners.https.ssl.enabled.protocols': 'TLSv1.3' };
    expect(await fetchHello(only)).toBe('hello');
    expect(await fetchHello(only, { maxVersion: 'TLSv1.2' })).toMatch(/^refused/);
  });

  test('the Location of a connector is an https URL', async () => {
    const { control } = recordingControl({
      create: async (name, config) => ({ name, config, tasks: [], type: 'sink' }),
    });
    const serving = await serve(parseListeners({ listeners: 'https://127.0.0.1:0', ...pkcs12() }), listener =>
      createRestServer(
        {
          control,
          plugins: {
            list: () => [],
            taskClass: () => undefined,
            keys: async () => [],
            validate: () => Promise.reject(new Error('not asked')),
          },
          clusterId: async () => 'x',
          offsets: async () => [],
          version: '1',
          log: { debug() {}, info() {}, warn() {}, error() {} },
        },
        listener,
      ),
    );
    const [url = ''] = serving.urls;
    const req = request(`${url}/connectors`, {
      method: 'POST',
      ca: await readFile(testAuthority.ca),
      agent: false,
      headers: { 'content-type': 'application/json' },
    });
    req.end(JSON.stringify({ name: 'a', config: { 'connector.class': 'X' } }));
    const [answer] = await once(req, 'response');
    await text(answer);
    expect(answer.headers.location).toBe(`${url}/connectors/a`);
    await serving.close();
  });
});

test('rejects unusable settings with a helpful message without the password', async () => {
  const jks = join(folder, 'old.jks');
  await writeFile(jks, Buffer.from('feedfeed00000002', 'hex'));
  const https = (props: Record<string, string>) => () =>
    parseListeners({
      listeners: 'https://:0',
      ...Object.fromEntries(Object.entries(props).map(([name, value]) => [`listeners.https.ssl.${name}`, value])),
    });
  const store = { 'keystore.location': server.p12, 'keystore.password': 'changeit' };
  for (const [props, message] of [
    [{}, /needs ssl\.keystore\.location/],
    [{ 'client.auth': 'none' }, /needs listeners\.https\.ssl\.keystore\.location/],
    [{ 'keystore.location': '/not/there' }, /keystore\.location cannot be read/],
    [{ 'keystore.location': jks }, /JKS store, which only Java can read.*-deststoretype PKCS12/],
    [{ ...store, 'keystore.password': 'planted' }, /^(?!.*planted).*ssl\.keystore\.password/],
    [{ ...store, 'truststore.location': server.p12 }, /truststore\.location is not PEM.*keytool -list -rfc/],
    [{ ...store, 'client.auth': 'perhaps' }, /required, requested or none/],
    [{ ...store, 'enabled.protocols': 'SSLv3' }, /TLSv1\.2/],
    [{ ...store, 'cipher.suites': 'TLS_RSA_WITH_AES_128_CBC_SHA' }, /cipher\.suites is not supported/],
  ] as const)
    expect(https(props)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }),
    );
});

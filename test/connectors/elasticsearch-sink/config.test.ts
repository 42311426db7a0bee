import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingsOf } from '../../../connectors/elasticsearch-sink/config/settings.ts';
import { connector } from '../../../connectors/elasticsearch-sink/index.ts';

const url = 'http://localhost:9200';
const { config: spec } = connector;

function settings(props: Readonly<Record<string, string>> = {}) {
  const { config, errors } = spec.check({ 'connection.url': url, ...props });
  if (config === undefined) throw new Error(JSON.stringify([...errors]));
  return settingsOf(config);
}
const errorsOf = (props: Readonly<Record<string, string>>) =>
  Object.fromEntries(spec.check({ 'connection.url': url, ...props }).errors);

it('the textbook configuration has Confluent’s defaults', () => {
  const { connection, ...rest } = settings({ 'key.ignore': 'true', topics: 'mysql.login' });
  expect(connection).toMatchObject({
    urls: [new URL(url)],
    authorization: undefined,
    inFlight: 5,
    maxRetries: 5,
    backoffMs: 100,
    connectTimeoutMs: 1000,
    readTimeoutMs: 3000,
  });
  expect(rest).toMatchObject({
    batchRecords: 2000,
    bulkBytes: 5_242_880,
    upsert: false,
    compactMaps: true,
    nulls: 'fail',
    malformed: 'fail',
    dropInvalid: false,
    resources: undefined,
    warnings: [],
  });
  expect([rest.keyIgnored('mysql.login'), rest.schemaIgnored('mysql.login')]).toEqual([true, false]);
});

it('topics may be named for which keys and schemas are ignored', () => {
  const { keyIgnored, schemaIgnored } = settings({ 'topic.key.ignore': 'a, b', 'topic.schema.ignore': 'b' });
  expect(['a', 'b', 'c'].map(keyIgnored)).toEqual([true, true, false]);
  expect(['a', 'b', 'c'].map(schemaIgnored)).toEqual([false, true, false]);
});

it('words are taken in any case, as Confluent’s are', () => {
  expect(
    settings({
      'write.method': 'UPSERT',
      'behavior.on.null.values': 'DELETE',
      'behavior.on.malformed.documents': 'Warn',
    }),
  ).toMatchObject({ upsert: true, nulls: 'delete', malformed: 'warn' });
});

it('type.name is taken, and warned about', () => {
  expect(settings({ 'type.name': 'kafka-connect' }).warnings).toEqual([expect.stringContaining('type.name')]);
});

describe('connection.url', () => {
  it('is a list, http where nothing is said, https for all where one is', () => {
    const urls = (text: string) => settings({ 'connection.url': text }).connection.urls.map(String);
    expect(urls('es1:9200, http://es2:9201/behind')).toEqual(['http://es1:9200/', 'http://es2:9201/behind']);
    expect(urls('http://es1:9200,https://es2:9200')).toEqual(['https://es1:9200/', 'https://es2:9200/']);
    expect(urls('[::1]:9200')).toEqual(['http://[::1]:9200/']);
  });

  it.each([
    ['', 'at least one URL is needed'],
    ['ftp://es:9200', 'the protocol must be http or https'],
    ['http://', 'each item must be a URL'],
    ['http://me:secret@es:9200', 'user and password belong in connection.username'],
  ])('%s is refused', (text, message) => {
    expect(errorsOf({ 'connection.url': text })['connection.url']?.join()).toContain(message);
  });

  it('is needed', () => {
    expect([...spec.check({}).errors.keys()]).toEqual(['connection.url']);
  });
});

it('user and password make the header, and only both', () => {
  const user = { 'connection.username': 'elastic' };
  expect(settings(user).connection.authorization).toBeUndefined();
  expect(settings({ ...user, 'connection.password': 'pä:ss' }).connection.authorization).toBe(
    `Basic ${Buffer.from('elastic:pä:ss').toString('base64')}`,
  );
});

describe('external resources', () => {
  const usage = { 'external.resource.usage': 'index' };
  const mapping = (text: string) => ({ ...usage, 'topic.to.external.resource.mapping': text });

  it('are one for each topic', () => {
    expect(settings(mapping('a:x, b:y')).resources).toEqual(
      new Map([
        ['a', 'x'],
        ['b', 'y'],
      ]),
    );
  });

  it.each([
    [usage, 'needs topic.to.external.resource.mapping'],
    [mapping('a'), "'a' must be topic:resource"],
    [mapping('a:x,a:y'), "Topic 'a' is mapped to multiple resources."],
    [mapping('a:x,b:x'), "Resource 'x' is mapped from multiple topics."],
    [{ 'topic.to.external.resource.mapping': 'a:x' }, 'needs external.resource.usage'],
    [{ ...mapping('a:x'), 'external.resource.usage': 'DATASTREAM' }, 'is not supported'],
  ])('%j is refused', (props: Readonly<Record<string, string>>, message) => {
    expect(errorsOf(props)['topic.to.external.resource.mapping']?.join()).toContain(message);
  });
});

it('what is not supported is refused, not passed over', () => {
  for (const [key, value] of [
    ['data.stream.type', 'logs'],
    ['data.stream.dataset', 'shop'],
    ['proxy.host', 'proxy'],
    ['kerberos.user.principal', 'me'],
  ] as const)
    expect(errorsOf({ [key]: value })[key]?.join()).toContain('not supported');
  expect(errorsOf({ 'data.stream.type': 'NONE', 'proxy.host': '' })).toEqual({});
});

describe('TLS', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-elastic-tls-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const ssl = (props: Readonly<Record<string, string>>) => ({
    'elastic.security.protocol': 'SSL',
    ...Object.fromEntries(Object.entries(props).map(([key, value]) => [`elastic.https.ssl.${key}`, value])),
  });

  it('PLAINTEXT passes the keys over', () => {
    expect(
      settings({ ...ssl({ 'truststore.location': '/nowhere' }), 'elastic.security.protocol': 'plaintext' }).connection
        .tls,
    ).toEqual({});
  });

  it('takes PEM from files and as text, on one line too', async () => {
    const file = join(folder, 'trusted.pem');
    await writeFile(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    const line = '-----BEGIN CERTIFICATE----- BBBB -----END CERTIFICATE-----';
    expect(settings(ssl({ 'truststore.location': file })).connection.tls.ca).toContain('\nAAAA\n');
    expect(
      settings(
        ssl({
          'truststore.certificates': line,
          'keystore.key': line,
          'keystore.certificate.chain': line,
          'endpoint.identification.algorithm': '',
        }),
      ).connection.tls,
    ).toEqual({
      ca: '-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n',
      key: expect.stringContaining('\nBBBB\n'),
      cert: expect.stringContaining('\nBBBB\n'),
      checkServerIdentity: expect.any(Function),
    });
  });

  it('names what mends a store of another kind, a missing file and half a key', async () => {
    const jks = join(folder, 'store.jks');
    await writeFile(jks, Buffer.from('feedfeed00000002', 'hex'));
    const error = (props: Readonly<Record<string, string>>) =>
      errorsOf(ssl(props))['elastic.security.protocol']?.join();
    expect(error({ 'truststore.location': jks })).toContain('keytool -list -rfc');
    expect(error({ 'keystore.location': jks })).toContain('deststoretype PKCS12');
    expect(error({ 'truststore.location': join(folder, 'none') })).toContain('cannot be read');
    expect(error({ 'keystore.key': 'x' })).toContain('belong together');
  });
});

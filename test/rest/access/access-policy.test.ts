import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Loggers } from '../../../src/observability/loggers.ts';
import { readAccessPolicy } from '../../../src/rest/access/access-policy.ts';
import { createRestServer, type ServerOptions } from '../../../src/rest/server.ts';
import { recordingControl } from '../recording-control.ts';

const loggers = new Loggers(pino({ enabled: false }));
const app = (served: ServerOptions) =>
  createRestServer(
    {
      control: recordingControl({ list: async () => [] }).control,
      plugins: {
        list: () => [],
        taskClass: () => undefined,
        keys: async () => [],
        validate: () => Promise.reject(new Error('not asked')),
      },
      clusterId: async () => 'x',
      offsets: async () => [],
      version: '1',
      log: pino({ enabled: false }),
      loggers,
    },
    served,
  );
const surface = (props: Record<string, string>) => readAccessPolicy(props, {});

describe('other origins', () => {
  const props = { 'access.control.allow.origin': 'http://a.example, https://*.b.example' };

  test.each([
    ['http://a.example', 'http://a.example'],
    ['https://x.b.example', 'https://x.b.example'],
    ['http://a.example.evil', undefined],
    ['http://axexample', undefined],
    ['https://b.example', undefined],
  ])('%s', async (origin, allowed) => {
    const answer = await app(surface(props)).inject({ url: '/connectors', headers: { origin } });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe(allowed);
    expect(answer.headers.vary).toBe('Origin');
  });

  test('preflight responses contain the allowed methods', async () => {
    const ask = (more: Record<string, string>) =>
      app(surface({ ...props, ...more })).inject({
        method: 'OPTIONS',
        url: '/connectors/a/config',
        headers: { origin: 'http://a.example', 'access-control-request-method': 'PUT' },
      });
    expect((await ask({ 'access.control.allow.methods': 'get, PUT' })).headers).toMatchObject({
      'access-control-allow-origin': 'http://a.example',
      'access-control-allow-methods': 'GET,PUT',
      'access-control-allow-headers': 'Content-Type',
      'access-control-max-age': '60',
    });
    expect((await ask({})).headers['access-control-allow-methods']).toBe('GET,POST,HEAD');
  });

  test('* allows all of them, also for error responses', async () => {
    const answer = await app(surface({ 'access.control.allow.origin': '*' })).inject({
      url: '/nope',
      headers: { origin: 'null' },
    });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['access-control-allow-origin']).toBe('null');
  });

  test('are not allowed by default', async () => {
    const { headers } = await app(surface({})).inject({ url: '/connectors', headers: { origin: 'http://a.example' } });
    expect(Object.keys(headers).filter(name => /^access-control|^vary$/.test(name))).toEqual([]);
  });
});

describe('response headers', () => {
  test('are set and added, also to error responses', async () => {
    const rules =
      '"add Cache-Control: no-cache, no-store, must-revalidate", add X-XSS-Protection: 1; mode=block, SET X-A:http://a:1,' +
      'add X-A: 2, setDate Expires: 1000, addDate X-Then: -1000';
    for (const url of ['/connectors', '/nope']) {
      const { headers } = await app(surface({ 'response.http.headers.config': rules })).inject({ url });
      expect(headers).toMatchObject({
        'cache-control': 'no-cache, no-store, must-revalidate',
        'x-xss-protection': '1; mode=block',
        'x-a': ['http://a:1', '2'],
      });
      expect(Date.parse(String(headers.expires))).toBeGreaterThan(Date.parse(String(headers['x-then'])));
    }
  });

  test.each([
    'add',
    'put X-A: 1',
    'set X A: 1',
    'set X-A',
    'set X-A:',
    'setDate X-A: soon',
    'set X-A: a\nb',
    'set X-Ä: 1',
  ])('rejects %j', rule => {
    expect(() => surface({ 'response.http.headers.config': rule })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('response.http.headers') }),
    );
  });
});

describe('Basic authentication', () => {
  const extension = 'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension';
  const module = 'org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule';
  let folder: string;
  let users: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-auth-test-'));
    users = join(folder, 'users.properties');
    await writeFile(users, '# people\nalice=s3cret\nbob=with\\:colon and ä\n');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const withJaas = async (text: string, name = 'jaas.conf') => {
    const file = join(folder, name);
    await writeFile(file, text);
    return { 'rest.extension.classes': extension, 'java.security.auth.login.config': file };
  };
  const entry = (more = '') => `// for the REST API
    Other { com.example.Module required file="/nope"; };
    KafkaConnect {
      ${module} required /* the only one */
      file="${users}"${more};
    };`;
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

  test('accepts users with their passwords and rejects all other requests', async () => {
    const there = app(surface(await withJaas(entry())));
    const status = async (headers: Record<string, string>, url = '/connectors') =>
      (await there.inject({ url, headers })).statusCode;
    expect(await status(basic('alice:s3cret'))).toBe(200);
    expect(await status(basic('bob:with:colon and ä'))).toBe(200);
    expect(await status({ authorization: `bAsIc ${Buffer.from('alice:s3cret').toString('base64')}` })).toBe(200);
    for (const headers of [
      {},
      { authorization: 'Basic' },
      { authorization: 'Bearer x' },
      { authorization: 'Basic !!!' },
      basic('alice'),
      basic(':s3cret'),
      basic('alice:'),
      basic('alice:s3cret '),
      basic('alice:S3cret'),
      basic('carol:'),
      basic('constructor:x'),
      basic('# people:'),
    ])
      expect(await status(headers), JSON.stringify(headers)).toBe(401);
    for (const url of ['/', '/health', '/nope', '/admin/loggers', '/connectors/a/tasks/0/status'])
      expect(await status({}, url), url).toBe(401);
    const refused = await there.inject({ method: 'POST', url: '/connectors/a/tasks', payload: 'x' });
    expect(refused.json()).toEqual({ error_code: 401, message: 'User cannot access the resource.' });
    expect(refused.headers['www-authenticate']).toMatch(/^Basic realm=/);
  });

  test('applies to admin listeners', async () => {
    const there = app({ ...surface(await withJaas(entry())), serves: 'admin' });
    expect((await there.inject('/admin/loggers')).statusCode).toBe(401);
    expect((await there.inject({ url: '/admin/loggers', headers: basic('alice:s3cret') })).statusCode).toBe(200);
  });

  test('reads the file that Java would read', async () => {
    const { 'java.security.auth.login.config': file } = await withJaas(entry());
    const props = { 'rest.extension.classes': extension };
    const environment = { KAFKA_OPTS: `-Dx=y -Djava.security.auth.login.config=${file} -Dz=1` };
    expect(readAccessPolicy(props, environment).users?.get('alice')).toBe('s3cret');
    expect(() => readAccessPolicy(props, {})).toThrow(/needs a JAAS file/);
  });

  test.each([
    ['', /no entry KafkaConnect/],
    ['KafkaConnect { };', /one login module/],
    [`KafkaConnect { ${module} required; };`, /one login module/],
    [`KafkaConnect { ${module} optional file="x"; };`, /one login module/],
    [`KafkaConnect { com.example.Ldap required file="x"; };`, /one login module/],
    [`KafkaConnect { ${module} required file="x"; com.example.Second required; };`, /one login module/],
    [`KafkaConnect { ${module} required file="/not/there"; };`, /option file in .* cannot be read/],
  ])('rejects the JAAS file %j', async (text, message) => {
    const props = await withJaas(text, 'wrong.conf');
    expect(() => surface(props)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test('rejects a file without users and unknown extensions', async () => {
    await writeFile(join(folder, 'nobody.properties'), '# no user\n');
    const empty = await withJaas(entry().replace(users, join(folder, 'nobody.properties')), 'nobody.conf');
    expect(() => surface(empty)).toThrow(/has no users/);
    expect(() => surface({ 'rest.extension.classes': `${extension},com.example.Audit` })).toThrow(
      /com\.example\.Audit, which is not available/,
    );
  });
});

test('only the admin listeners serve /admin', async () => {
  const status = async (served: ServerOptions, url: string) => (await app(served).inject(url)).statusCode;
  expect([await status({}, '/admin/loggers'), await status({}, '/connectors')]).toEqual([200, 200]);
  expect([
    await status({ serves: 'others' }, '/admin/loggers'),
    await status({ serves: 'others' }, '/connectors'),
  ]).toEqual([404, 200]);
  expect([
    await status({ serves: 'admin' }, '/admin/loggers'),
    await status({ serves: 'admin' }, '/connectors'),
    await status({ serves: 'admin' }, '/'),
    await status({ serves: 'admin' }, '/health'),
  ]).toEqual([200, 404, 404, 404]);
});

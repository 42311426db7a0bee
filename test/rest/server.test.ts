import { connect } from 'node:net';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { MillraceError } from '../../src/errors.ts';
import { Loggers } from '../../src/observability/loggers.ts';
import { info } from './recording-control.ts';
import { definition, restApp } from './rest-app.ts';

test('the root shows version, commit and Kafka’s cluster id', async () => {
  const { ask } = restApp({}, { commit: 'abc' });
  expect((await ask('GET', '/')).json).toEqual({ version: '1', commit: 'abc', kafka_cluster_id: 'the-cluster' });
});

test('503 in time if Kafka does not answer', async () => {
  const { ask } = restApp({}, { clusterId: () => new Promise(() => undefined), limits: { probeMs: 20 } });
  expect(await ask('GET', '/')).toMatchObject({
    status: 503,
    json: { error_code: 503, message: expect.stringMatching(/^Kafka does not answer/) },
  });
});

test('creates and changes no connector while Kafka is down', async () => {
  const { ask, calls } = restApp(
    { info: async name => info(name) },
    { clusterId: () => new Promise(() => undefined), limits: { probeMs: 20 } },
  );
  for (const [method, url, body] of [
    ['POST', '/connectors', { name: 'a', config: {} }],
    ['PUT', '/connectors/a/config', {}],
    ['PATCH', '/connectors/a/config', {}],
  ] as const)
    expect(await ask(method, url, body)).toMatchObject({
      status: 503,
      json: { message: expect.stringMatching(/^Kafka does not answer/) },
    });
  expect(calls).toEqual([['info', 'a']]);
});

test('503 in time for any request that does not end', async () => {
  const { ask } = restApp({ pause: () => new Promise(() => undefined) }, { limits: { requestMs: 20 } });
  expect(await ask('PUT', '/connectors/a/pause')).toMatchObject({
    status: 503,
    json: { message: expect.stringMatching(/timed out/) },
  });
});

test('health: healthy, starting, without Temporal, broken', async () => {
  const ok = { list: async () => [] };
  expect(await restApp(ok).ask('GET', '/health')).toMatchObject({
    status: 200,
    json: { status: 'healthy', message: 'Worker has completed startup and is ready to handle requests.' },
  });
  expect(await restApp(ok, { started: () => false }).ask('GET', '/health')).toMatchObject({
    status: 503,
    json: { status: 'starting', message: 'Worker is still starting up.' },
  });
  const down = async () => {
    throw new MillraceError('TEMPORAL_UNAVAILABLE', 'Temporal at h:1 does not answer.');
  };
  expect(await restApp({ list: down }).ask('GET', '/health')).toMatchObject({
    status: 503,
    json: { status: 'unhealthy', message: 'Temporal at h:1 does not answer.' },
  });
  const broken = async () => {
    throw new Error('hunter2');
  };
  const answer = await restApp({ list: broken }).ask('GET', '/health');
  expect(answer).toMatchObject({ status: 500, json: { status: 'unhealthy' } });
  expect(answer.body).not.toContain('hunter2');
});

test('404 for an unknown path with any method and body', async () => {
  const { ask } = restApp();
  for (const answer of [
    await ask('GET', '/nope'),
    await ask('POST', '/connectors/a/nope', 'text', { 'content-type': 'text/plain' }),
    await ask('GET', '/connectors/a/tasks-config'),
    await ask('GET', '/metrics'),
    await ask('GET', '/admin/loggers'),
  ])
    expect(answer).toMatchObject({ status: 404, json: { error_code: 404, message: 'HTTP 404 Not Found' } });
});

test.each([
  ['DELETE', '/connectors', 'HEAD, GET, POST, OPTIONS'],
  ['PUT', '/connectors', 'HEAD, GET, POST, OPTIONS'],
  ['PATCH', '/connectors/x', 'HEAD, GET, DELETE, OPTIONS'],
  ['GET', '/connectors/x/pause', 'PUT, OPTIONS'],
  ['HEAD', '/connectors/x/pause', 'PUT, OPTIONS'],
  ['PUT', '/', 'HEAD, GET, OPTIONS'],
  ['POST', '/connector-plugins', 'HEAD, GET, OPTIONS'],
  ['GET', '/connectors/x/tasks/0/restart', 'POST, OPTIONS'],
] as const)('%s %s is not allowed, whatever the body', async (method, url, allow) => {
  const { ask } = restApp();
  const answer = await ask(method, url, method === 'GET' || method === 'HEAD' ? undefined : 'x', {
    'content-type': 'text/plain',
  });
  expect(answer.status).toBe(405);
  expect(answer.headers.allow).toBe(allow);
  if (method !== 'HEAD') expect(answer.json).toEqual({ error_code: 405, message: 'HTTP 405 Method Not Allowed' });
});

test('OPTIONS returns the allowed methods, HEAD is GET without a body', async () => {
  const { ask } = restApp({ list: async () => ['a'] });
  expect((await ask('OPTIONS', '/connectors')).headers.allow).toBe('HEAD, GET, POST, OPTIONS');
  expect(await ask('HEAD', '/connectors')).toMatchObject({ status: 200, body: '' });
});

test.each([
  ['text/plain', 415],
  ['application/vnd.api+json', 415],
  ['text/json', 415],
  ['nonsense', 415],
  ['APPLICATION/JSON', 201],
  ['application/json; charset=utf-8', 201],
])('a body of type %s: %i', async (type, code) => {
  const { ask } = restApp({ create: async name => info(name) });
  const answer = await ask('POST', '/connectors', '{"name":"a","config":{}}', { 'content-type': type });
  expect(answer.status).toBe(code);
  if (code === 415) expect(answer.json).toEqual({ error_code: 415, message: 'HTTP 415 Unsupported Media Type' });
});

test('accepts JSON with the content type of a form, as curl sends it, but not from a browser, and no form', async () => {
  const { ask } = restApp({ create: async name => info(name) });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const json = ' {"name":"a","config":{}}';
  expect((await ask('POST', '/connectors', json, form)).status).toBe(201);
  for (const [body, more] of [
    [json, { origin: 'http://elsewhere' }],
    [json, { 'sec-fetch-site': 'same-site' }],
    ['name=a', {}],
    ['', {}],
  ] as const)
    expect((await ask('POST', '/connectors', body, { ...form, ...more })).status).toBe(415);
});

test('rejects a body without a content type, accepts a request without both', async () => {
  const { app } = restApp({ pause: async () => undefined });
  const untyped = await app.inject({ method: 'POST', url: '/connectors', payload: Buffer.from('{}'), headers: {} });
  expect(untyped.statusCode).toBe(415);
  expect((await app.inject({ method: 'PUT', url: '/connectors/a/pause' })).statusCode).toBe(202);
});

test('413 for a body of more than 1 MiB', async () => {
  const { ask } = restApp();
  const answer = await ask('POST', '/connectors', { name: 'a', config: { x: 'y'.repeat(1024 * 1024) } });
  expect(answer).toMatchObject({
    status: 413,
    json: { error_code: 413, message: 'The request body is larger than 1 MiB.' },
  });
});

test('400 for a path that is not encoded correctly', async () => {
  expect(await restApp().ask('GET', '/connectors/%ZZ')).toMatchObject({
    status: 400,
    json: { error_code: 400, message: 'The path of the URL is not encoded correctly: write % as %25.' },
  });
});

test('an unexpected error is only in the log; the response refers to it', async () => {
  const { ask, lines } = restApp({
    info: async () => {
      throw new TypeError('cannot read hunter2 of undefined');
    },
  });
  const answer = await ask('GET', '/connectors/a');
  expect(answer.status).toBe(500);
  expect(answer.json).toEqual({ error_code: 500, message: expect.stringContaining('log') });
  expect(answer.body).not.toContain('hunter2');
  const [line] = lines;
  expect(line).toMatchObject({ level: 50, method: 'GET', route: '/connectors/:connector', status: 500 });
  expect(answer.json.message).toContain(String(line?.['request']));
  expect(line?.['error']).toContain('cannot read hunter2');
});

test('500 for an error with an unknown code', async () => {
  const { ask } = restApp({
    info: async () => {
      throw new MillraceError('TypeError' as 'INTERNAL', 'from a workflow');
    },
  });
  expect(await ask('GET', '/connectors/a')).toMatchObject({
    status: 500,
    json: { message: expect.stringMatching(/^Internal error/) },
  });
});

test.each([
  ['TEMPORAL_UNAVAILABLE', 503],
  ['KAFKA_UNAVAILABLE', 503],
  ['SOURCE_SETUP', 500],
  ['FENCED', 409],
  ['CONFIG_INVALID', 400],
] as const)('%s is a %i with its sentence', async (code, status) => {
  const { ask } = restApp({
    info: async () => {
      throw new MillraceError(code, 'A sentence.');
    },
  });
  expect(await ask('GET', '/connectors/a')).toMatchObject({
    status,
    json: { error_code: status, message: 'A sentence.' },
  });
});

test('rejects requests that are not HTTP', async () => {
  const { app } = restApp();
  await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    const { port } = app.server.address() as { port: number };
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'));
      socket.on('data', data => (text += String(data)));
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  } finally {
    await app.close();
  }
});

test('plugins', async () => {
  const { ask } = restApp();
  const connectors = [{ class: 'org.x.FileStreamSourceConnector', type: 'source', version: '1' }];
  expect((await ask('GET', '/connector-plugins')).json).toEqual(connectors);
  expect((await ask('GET', '/connector-plugins?connectorsOnly=true')).json).toEqual(connectors);
  expect((await ask('GET', '/connector-plugins?connectorsOnly=false')).json).toHaveLength(2);
  expect((await ask('GET', '/connector-plugins/FileStreamSource/config')).json).toEqual([definition]);
  expect(await ask('GET', '/connector-plugins/Nope$Value/config')).toMatchObject({
    status: 404,
    json: { error_code: 404, message: 'Unknown plugin Nope$Value.' },
  });
});

test('validate: accepts any form of the class name, which must match the path', async () => {
  const { ask } = restApp();
  const url = '/connector-plugins/FileStreamSource/config/validate';
  for (const name of ['FileStreamSource', 'FileStreamSourceConnector', 'org.x.FileStreamSourceConnector', undefined]) {
    const answer = await ask('PUT', url, { 'connector.class': name, topic: 5 });
    expect(answer).toMatchObject({ status: 200, json: { name: 'FileStreamSource', error_count: 1 } });
    expect(answer.json.configs[0].value.value).toBe('5');
  }
  expect(await ask('PUT', url, { 'connector.class': 'FileStreamSink' })).toMatchObject({
    status: 400,
    json: { message: 'Included connector type FileStreamSink does not match request type FileStreamSource' },
  });
  expect(await ask('PUT', url, '[]')).toMatchObject({ status: 400 });
  expect(await ask('PUT', url)).toMatchObject({
    status: 400,
    json: { message: 'The request body is empty: send JSON.' },
  });
});

test('reads and sets log levels, including those of descendants', async () => {
  const loggers = new Loggers(pino({ level: 'info' }, { write: () => undefined }));
  loggers.log('connector.a');
  loggers.log('rest');
  const { ask } = restApp({}, { loggers });
  const initialLevel = { level: 'INFO', last_modified: null };
  expect((await ask('GET', '/admin/loggers')).json).toEqual({
    'connector.a': initialLevel,
    rest: initialLevel,
    root: initialLevel,
  });
  expect((await ask('PUT', '/admin/loggers/connector', { level: 'debug' })).json).toEqual(['connector', 'connector.a']);
  expect((await ask('PUT', '/admin/loggers/connector', { level: 'DEBUG' })).json).toEqual([]);
  expect((await ask('GET', '/admin/loggers/connector.a')).json).toEqual({
    level: 'DEBUG',
    last_modified: expect.any(Number),
  });
  expect((await ask('GET', '/admin/loggers/rest')).json).toEqual(initialLevel);
  for (const [url, body, status, message] of [
    ['/admin/loggers/nope', undefined, 404, 'Logger nope not found.'],
    ['/admin/loggers/rest', { level: 'LOUD' }, 404, "invalid log level 'LOUD'."],
    ['/admin/loggers/rest', {}, 400, "Desired 'level' parameter was not specified in request."],
    ['/admin/loggers/rest', { level: null }, 400, "Desired 'level' parameter was not specified in request."],
    [
      '/admin/loggers/rest?scope=cluster',
      { level: 'DEBUG' },
      400,
      expect.stringContaining('no connection to other workers'),
    ],
  ] as const)
    expect(await ask(body === undefined ? 'GET' : 'PUT', url, body)).toMatchObject({
      status,
      json: { error_code: status, message },
    });
});

test('passes a level for the cluster on; any other scope is that of the worker', async () => {
  const loggers = new Loggers(pino({ enabled: false }));
  const set: string[][] = [];
  const { ask } = restApp(
    {},
    {
      loggers,
      async setClusterLevel(...level) {
        set.push(level);
      },
    },
  );
  const answer = await ask('PUT', '/admin/loggers/a?scope=Cluster', { level: 'debug' });
  expect(answer).toMatchObject({ status: 204 });
  expect(set).toEqual([['a', 'DEBUG']]);
  expect(loggers.get('a')).toBeUndefined();
  expect((await ask('PUT', '/admin/loggers/a?scope=planet', { level: 'debug' })).json).toEqual(['a']);
  expect(set).toHaveLength(1);
});

import { expect, test } from 'vitest';
import { MillraceError } from '../../src/errors.ts';
import { info, status } from './recording-control.ts';
import { restApp } from './rest-app.ts';

const invalid = (...messages: string[]) =>
  [
    `Connector configuration is invalid and contains the following ${messages.length} error(s):`,
    ...messages,
    'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
  ].join('\n');

test('lists names, with and without a trailing slash', async () => {
  const { ask } = restApp({ list: async () => ['a', 'b'] });
  for (const url of ['/connectors', '/connectors/']) {
    const answer = await ask('GET', url);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json).toEqual(['a', 'b']);
  }
});

test('expands the requested parts, in any order; unknown parts are ignored', async () => {
  const { ask } = restApp({
    list: async () => ['a'],
    info: async name => info(name),
    status: async name => status(name),
  });
  const both = { a: { status: status('a'), info: info('a') } };
  expect((await ask('GET', '/connectors?expand=status&expand=info')).json).toEqual(both);
  expect((await ask('GET', '/connectors?expand=info&expand=x')).json).toEqual({ a: { info: info('a') } });
  expect((await ask('GET', '/connectors?expand=info,status')).json).toEqual({ a: {} });
  expect((await ask('GET', '/connectors?expand=')).json).toEqual({ a: {} });
});

test('a connector that is deleted while the list is expanded is left out; the order is kept', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
  const { ask } = restApp({
    list: async () => names,
    status: async name => {
      if (name === 'c7') throw new MillraceError('NOT_FOUND', 'unknown');
      return status(name);
    },
  });
  const answer = await ask('GET', '/connectors?expand=status');
  expect(Object.keys(answer.json)).toEqual(names.filter(name => name !== 'c7'));
});

test('a server that is down while the list is expanded is reported', async () => {
  const { ask } = restApp({
    list: async () => ['a', 'b'],
    info: async () => {
      throw new MillraceError('TEMPORAL_UNAVAILABLE', 'Temporal is down.');
    },
  });
  expect(await ask('GET', '/connectors?expand=info')).toMatchObject({
    status: 503,
    json: { error_code: 503, message: 'Temporal is down.' },
  });
});

test('creates: 201, Location, the trimmed name in the configuration, the initial state', async () => {
  const { ask, calls } = restApp({ create: async (name, config) => info(name, config) });
  const answer = await ask(
    'POST',
    '/connectors',
    { name: ' sp é;+? ', config: { 'connector.class': 'X' }, initial_state: 'paused' },
    { host: 'millrace.example:8083' },
  );
  expect(answer.status).toBe(201);
  expect(answer.headers.location).toBe('http://millrace.example:8083/connectors/sp%20%C3%A9;+%3F');
  expect(answer.json.name).toBe('sp é;+?');
  expect(calls).toEqual([['create', 'sp é;+?', { 'connector.class': 'X', name: 'sp é;+?' }, 'PAUSED', undefined]]);
});

test('the Location of a connector is its URL', async () => {
  const names = ['a b', 'ü%', 'a;b?c#d%e', 'a+b', '100%25', '"<x>\'', 'a'.repeat(200)];
  const { ask, calls } = restApp({ create: async name => info(name), info: async name => info(name) });
  for (const name of names) {
    const { headers } = await ask('POST', '/connectors', { name, config: {} });
    const path = new URL(String(headers.location)).pathname;
    expect((await ask('GET', path)).json.name).toBe(name);
    expect(calls.at(-1)).toEqual(['info', name]);
  }
});

test('numbers and booleans become strings with the digits of the request', async () => {
  const { ask, calls } = restApp({ create: async name => info(name) });
  const body =
    '{"name":5,"config":{"i":12,"f":1.50,"e":1e3,"big":12345678901234567890123,"t":true,"neg":-0,"s":"x"},"initial_state":null}';
  expect((await ask('POST', '/connectors', body)).status).toBe(201);
  expect(calls).toEqual([
    [
      'create',
      '5',
      { i: '12', f: '1.50', e: '1e3', big: '12345678901234567890123', t: 'true', neg: '-0', s: 'x', name: '5' },
      undefined,
      undefined,
    ],
  ]);
});

const bad: [what: string, body: string, message: string | RegExp][] = [
  ['nothing', '', 'The request body is empty: send JSON.'],
  ['blanks', ' \n', 'The request body is empty: send JSON.'],
  ['half an object', '{', /^The request body is not JSON \(line 1 column 2\): send/],
  ['text after the object', '{} trailing', /^The request body is not JSON \(line 1 column 4\)/],
  ['leading zeroes', '{"a":007}', /^The request body is not JSON/],
  [
    'a secret in broken JSON',
    '{"password": hunter2}',
    'The request body is not JSON: send an object such as {"name": "…", "config": {…}}.',
  ],
  ['an array', '[]', 'The request body must be an object with the fields name and config.'],
  ['a text', '"a"', 'The request body must be an object with the fields name and config.'],
  ['null', 'null', 'The request body must be an object with the fields name and config.'],
  ['no config', '{"name":"a"}', 'config must be an object of configuration names and values.'],
  ['a null config', '{"name":"a","config":null}', 'config must be an object of configuration names and values.'],
  ['an array config', '{"name":"a","config":[]}', 'config must be an object of configuration names and values.'],
  [
    'an object as a value',
    '{"name":"a","config":{"x":{"y":1}}}',
    'config["x"] must be a string, a number or a boolean.',
  ],
  ['an array as a value', '{"name":"a","config":{"x":[1]}}', 'config["x"] must be a string, a number or a boolean.'],
  ['an array as a name', '{"name":["a"],"config":{}}', 'name must be a string, a number or a boolean.'],
  [
    'an unknown field',
    '{"name":"a","config":{},"foo":1}',
    'Unrecognized field "foo": known fields are name, config, initial_state and initial_offsets.',
  ],
  [
    'an unknown state',
    '{"name":"a","config":{},"initial_state":"FOO"}',
    'initial_state must be one of RUNNING, PAUSED, STOPPED.',
  ],
  ['__proto__', '{"name":"a","config":{"__proto__":"x"}}', /__proto__/],
  [
    'another name in the configuration',
    '{"name":"a","config":{"name":"b"}}',
    "Connector name configuration (b) doesn't match connector name in the URL (a)",
  ],
  [
    'a name in the configuration only',
    '{"config":{"name":"b"}}',
    "Connector name configuration (b) doesn't match connector name in the URL ()",
  ],
  ['no name', '{"config":{}}', invalid('Invalid value  for configuration name: String may not be empty')],
  [
    'a blank name',
    '{"name":"  ","config":{}}',
    invalid('Invalid value  for configuration name: String may not be empty'),
  ],
  [
    'control characters',
    '{"name":"a\\u0001b\\u007f","config":{}}',
    invalid(
      'Invalid value a\u0001b\u007f for configuration name: String may not contain control sequences but had the following ASCII chars: 1, 127',
    ),
  ],
  ['a slash', '{"name":"a/b","config":{}}', /a\/b for configuration name: String may not contain \/ or \\/],
  ['a backslash', '{"name":"a\\\\b","config":{}}', /String may not contain \/ or \\/],
  ['half a surrogate pair', '{"name":"\\ud800","config":{}}', /surrogate/],
  ['a path', '{"name":"..","config":{}}', /relative paths/],
  ['a name that is too long', `{"name":"${'é'.repeat(101)}","config":{}}`, /longer than 200 bytes/],
  [
    'nulls as values',
    '{"name":"a","config":{"x":null,"y":null}}',
    invalid(
      'Null value can not be supplied as the configuration value.',
      'Null value can not be supplied as the configuration value.',
    ),
  ],
];

test.each(bad)('POST rejects %s', async (_what, body, message) => {
  const { ask, calls } = restApp({ create: async name => info(name) });
  const answer = await ask('POST', '/connectors', body);
  expect(answer.status).toBe(400);
  expect(answer.headers['content-type']).toBe('application/json');
  const expected = typeof message === 'string' ? message : expect.stringMatching(message);
  expect(answer.json).toEqual({ error_code: 400, message: expected });
  expect(calls).toEqual([]);
});

test('ignores a byte order mark; the body must be UTF-8', async () => {
  const { app, ask } = restApp({ create: async name => info(name) });
  expect((await ask('POST', '/connectors', '\ufeff{"name":"a","config":{}}')).status).toBe(201);
  const answer = await app.inject({
    method: 'POST',
    url: '/connectors',
    headers: { 'content-type': 'application/json' },
    payload: Buffer.from('{"name":"\xe9","config":{}}', 'latin1'),
  });
  expect(answer.json()).toEqual({ error_code: 400, message: 'The request body is not UTF-8.' });
});

test('returns errors of Control: existing name, invalid configuration', async () => {
  const { ask } = restApp({
    create: async name => {
      throw name === 'a'
        ? new MillraceError('CONFLICT', 'Connector a already exists')
        : new MillraceError('CONFIG_INVALID', 'by key');
    },
  });
  expect(await ask('POST', '/connectors', { name: 'a', config: {} })).toMatchObject({
    status: 409,
    json: { error_code: 409, message: 'Connector a already exists' },
  });
  expect(await ask('POST', '/connectors', { name: 'b', config: {} })).toMatchObject({
    status: 400,
    json: { error_code: 400, message: 'by key' },
  });
});

test('shows and deletes', async () => {
  const { ask, calls } = restApp({ info: async name => info(name), delete: async () => undefined });
  expect(await ask('GET', '/connectors/a')).toMatchObject({ status: 200, json: info('a') });
  const unknown = await ask('DELETE', '/connectors/a');
  expect(unknown).toMatchObject({ status: 204, body: '' });
  expect(unknown.headers['content-type']).toBeUndefined();
  expect(calls).toEqual([
    ['info', 'a'],
    ['delete', 'a'],
  ]);
});

test('invalid connector names are not found, without a request to Control', async () => {
  const { ask, calls } = restApp();
  for (const [path, name] of [
    ['a%2Fb', 'a/b'],
    ['a%5Cb', 'a\\b'],
    ['a%00b', 'a\0b'],
    ['x'.repeat(3000), 'x'.repeat(3000)],
  ])
    expect(await ask('GET', `/connectors/${path}`)).toMatchObject({
      status: 404,
      json: { error_code: 404, message: `Connector ${name} not found` },
    });
  expect(calls).toEqual([]);
});

import { expect, test } from 'vitest';
import { info } from './recording-control.ts';
import { restApp } from './rest-app.ts';

test('GET returns the configuration', async () => {
  const { ask } = restApp({ info: async name => info(name, { x: '1' }) });
  expect((await ask('GET', '/connectors/a/config')).json).toEqual(info('a', { x: '1' }).config);
});

test('PUT: 201 with Location for a new connector, 200 for an existing one', async () => {
  const { ask, calls } = restApp({
    configure: async (name, config) => ({ info: info(name, config), created: name === 'new é' }),
  });
  const created = await ask('PUT', '/connectors/new%20%C3%A9/config', { x: 1 }, { host: 'h:1' });
  expect(created.status).toBe(201);
  expect(created.headers.location).toBe('http://h:1/connectors/new%20%C3%A9');
  const changed = await ask('PUT', '/connectors/old/config', { name: 'old', x: false });
  expect(changed.status).toBe(200);
  expect(changed.headers.location).toBeUndefined();
  expect(changed.json.config).toMatchObject({ x: 'false' });
  expect(calls).toEqual([
    ['configure', 'new é', { x: '1', name: 'new é' }],
    ['configure', 'old', { name: 'old', x: 'false' }],
  ]);
});

test.each([
  ['{"name":"y"}', "Connector name configuration (y) doesn't match connector name in the URL (x)"],
  ['', 'The request body is empty: send JSON.'],
  ['[]', 'The request body must be an object of configuration names and values.'],
  ['null', 'The request body must be an object of configuration names and values.'],
  ['{"a":{"b":1}}', 'a must be a string, a number or a boolean.'],
])('PUT rejects %s', async (body, message) => {
  const { ask, calls } = restApp();
  expect(await ask('PUT', '/connectors/x/config', body)).toMatchObject({
    status: 400,
    json: { error_code: 400, message },
  });
  expect(calls).toEqual([]);
});

test('PUT creates no connector with an invalid name', async () => {
  const { ask, calls } = restApp();
  const answer = await ask('PUT', '/connectors/a%2Fb/config', {});
  expect(answer.status).toBe(400);
  expect(answer.json.message).toContain('Invalid value a/b for configuration name');
  expect(calls).toEqual([]);
});

test('PATCH passes the changes on, including nulls', async () => {
  const { ask, calls } = restApp({ info: async name => info(name), patch: async name => info(name, { add: 'x' }) });
  const answer = await ask('PATCH', '/connectors/a/config', { change: 5, drop: null, add: 'x' });
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({ config: { add: 'x' } });
  expect(calls.at(-1)).toEqual(['patch', 'a', { change: '5', drop: null, add: 'x' }]);
});

test('PATCH cannot rename, and a null name changes nothing', async () => {
  const { ask, calls } = restApp({ info: async name => info(name), patch: async name => info(name) });
  expect((await ask('PATCH', '/connectors/a/config', { name: 'b' })).status).toBe(400);
  expect((await ask('PATCH', '/connectors/a/config', { name: null })).status).toBe(200);
  expect(calls.at(-1)).toEqual(['patch', 'a', { name: null }]);
});

import { createServer } from 'node:net';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { exposedListeners, parseListeners, serve } from '../../src/rest/listeners.ts';

test.each([
  [{}, [{ host: '127.0.0.1', port: 8083 }]],
  [{ listeners: '' }, [{ host: '127.0.0.1', port: 8083 }]],
  [{ listeners: 'http://:29183' }, [{ host: '', port: 29183 }]],
  [{ listeners: 'HTTP://127.0.0.1:0/' }, [{ host: '127.0.0.1', port: 0 }]],
  [
    { listeners: 'http://localhost:1, http://[::1]:2', 'rest.port': '3' },
    [
      { host: 'localhost', port: 1 },
      { host: '::1', port: 2 },
    ],
  ],
  [{ 'rest.port': '9000' }, [{ host: '127.0.0.1', port: 9000 }]],
  [{ 'admin.listeners': ' ' }, [{ host: '127.0.0.1', port: 8083, serves: 'others' }]],
  [
    { 'rest.port': '1', 'admin.listeners': 'http://:2, http://localhost:3' },
    [
      { host: '127.0.0.1', port: 1, serves: 'others' },
      { host: '', port: 2, serves: 'admin' },
      { host: 'localhost', port: 3, serves: 'admin' },
    ],
  ],
  [{ 'rest.host.name': 'h', 'rest.port': ' 9000 ' }, [{ host: 'h', port: 9000 }]],
])('%j', (config, listeners) => {
  expect(parseListeners(config)).toEqual(listeners);
});

test.each([
  [{ listeners: 'https://:8443' }, /https needs ssl\.keystore\.location/],
  [{ listeners: 'ftp://:1' }, /Invalid value ftp:\/\/:1 for configuration listeners: write http/],
  [{ 'admin.listeners': 'http' }, /Invalid value http for configuration admin\.listeners/],
  [{ 'admin.listeners': 'https://:1' }, /ssl\.keystore\.location/],
  [{ listeners: '8083' }, /Invalid value 8083 for configuration listeners/],
  [{ listeners: 'http://:70000' }, /a port is 0 to 65535/],
  [{ listeners: 'http://:1,,http://:2' }, /configuration listeners/],
  [{ 'rest.port': 'abc' }, /Invalid value abc for configuration rest.port/],
  [{ 'rest.port': '-1' }, /rest.port/],
])('refuses %j', (config, message) => {
  expect(() => parseListeners(config)).toThrow(message);
});

test.each([
  ['http://127.0.0.1:1,http://[::1]:2,http://localhost:3,http://api.localhost:4,http://127.1.2.3:5', []],
  ['http://:1', ['http://:1']],
  ['http://0.0.0.0:1,http://[::]:2', ['http://0.0.0.0:1', 'http://[::]:2']],
  ['http://127.0.0.1:1,http://192.168.1.7:2', ['http://192.168.1.7:2']],
  ['http://connect.example:1', ['http://connect.example:1']],
  ['http://localhost.example:1', ['http://localhost.example:1']],
])('of %s others can reach %j', (listeners, exposed) => {
  expect(exposedListeners(parseListeners({ listeners }))).toEqual(exposed);
});

const hello = () => {
  const app = Fastify();
  app.get('/', async () => 'hello');
  return app;
};

test('serves on every listener and closes them all', async () => {
  const serving = await serve(
    [
      { host: '127.0.0.1', port: 0 },
      { host: '', port: 0 },
    ],
    hello,
  );
  for (const url of serving.urls) expect(await (await fetch(url)).text()).toBe('hello');
  expect(new Set(serving.urls).size).toBe(2);
  await serving.close();
  await serving.close();
  for (const url of serving.urls) await expect(fetch(url)).rejects.toThrow();
});

test('a port that is taken stops the start with one sentence, and nothing stays open', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => holder.once('listening', resolve));
  const { port } = holder.address() as { port: number };
  const opened: ReturnType<typeof hello>[] = [];
  const start = serve(
    [
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port },
    ],
    () => {
      const app = hello();
      opened.push(app);
      return app;
    },
  );
  await expect(start).rejects.toThrow(new RegExp(`^Cannot listen on .*:${port} .*EADDRINUSE`));
  expect(opened.map(app => app.server.listening)).toEqual([false, false]);
  await new Promise(resolve => holder.close(resolve));
});

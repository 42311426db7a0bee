import { createServer, Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { linkSettings, openInTime } from '../../src/databases/link.ts';

const read = (query: string, unitMs: 1000 | 1 = 1000) => {
  const parameters = new URLSearchParams(query);
  return linkSettings(name => parameters.get(name) ?? undefined, { unitMs, socketTimeoutMs: 7 });
};

describe('the time limits of a JDBC URL', () => {
  test('have defaults', () => {
    expect(read('')).toEqual({
      tcpKeepAlive: true,
      connectTimeoutMs: 10_000,
      loginTimeoutMs: 30_000,
      socketTimeoutMs: 7,
    });
  });

  test("are in the driver's unit, and 0 means none", () => {
    expect(read('connectTimeout=2&loginTimeout=3&socketTimeout=4&tcpKeepAlive=FALSE')).toEqual({
      tcpKeepAlive: false,
      connectTimeoutMs: 2000,
      loginTimeoutMs: 3000,
      socketTimeoutMs: 4000,
    });
    expect(read('socketTimeout=2500', 1)).toMatchObject({ socketTimeoutMs: 2500 });
    expect(read('socketTimeout=0&connectTimeout=0')).toMatchObject({ socketTimeoutMs: 0, connectTimeoutMs: 0 });
  });

  test.each(['-1', '1.5', '10s', 'x', '99999999999'])('%s is rejected', text => {
    expect(() => read(`socketTimeout=${text}`)).toThrow(`socketTimeout=${text} is not a whole number of seconds`);
    expect(() => read(`connectTimeout=${text}`, 1)).toThrow('is not a whole number of milliseconds');
  });
});

describe('a session', () => {
  const limits = read('');
  const never = new AbortController().signal;

  test('that is stopped while it opens rejects at once', async () => {
    const socket = new Socket();
    const stop = new AbortController();
    const opening = openInTime(
      limits,
      stop.signal,
      () => socket,
      () => new Promise(() => {}),
    );
    stop.abort();
    await expect(opening).rejects.toThrow('the task is stopping');
    expect(socket.destroyed).toBe(true);
  });

  test('whose opening fails destroys the socket', async () => {
    const socket = new Socket();
    const opening = openInTime(
      limits,
      never,
      () => socket,
      () => Promise.reject(new Error('no such role')),
    );
    await expect(opening).rejects.toThrow('no such role');
    expect(socket.destroyed).toBe(true);
  });

  test('is limited by loginTimeout only once it is connected', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const socket = new Socket();
    socket.on('error', () => {});
    const open = () => {
      socket.connect((server.address() as { port: number }).port, '127.0.0.1');
      return new Promise(() => {});
    };
    const short = { ...limits, connectTimeoutMs: 100, loginTimeoutMs: 200 };
    await expect(openInTime(short, never, () => socket, open)).rejects.toThrow(
      'no session within loginTimeout (0.2 s)',
    );
    server.close();
  });
});

import { addAbortListener } from 'node:events';
import type { Socket } from 'node:net';

/**
 * A quiet connection is probed by TCP after this, and then every second ten times, as libuv sets it. The system's own two
 * hours are longer than most routers remember a connection.
 */
export const KEEPALIVE_MS = 10_000;

/** Time limits of a connection, in the terms of JDBC drivers. 0: none. */
export interface LinkSettings {
  readonly tcpKeepAlive: boolean;
  /** For the TCP connection. */
  readonly connectTimeoutMs: number;
  /** For TCP connection, TLS, login and the session's settings together. */
  readonly loginTimeoutMs: number;
  /** For the silence of a server from which an answer is due. */
  readonly socketTimeoutMs: number;
}

export interface LinkDefaults {
  /** Milliseconds in the unit of the driver's numbers: 1000 for PostgreSQL's, 1 for MySQL's and MariaDB's. */
  readonly unitMs: 1000 | 1;
  readonly socketTimeoutMs: number;
}

const CONNECT_MS = 10_000;
const LOGIN_MS = 30_000;

/** Reads `connectTimeout`, `loginTimeout`, `socketTimeout` and `tcpKeepAlive`. Throws Error for what is no number. */
export function linkSettings(
  parameter: (name: string) => string | undefined,
  { unitMs, socketTimeoutMs }: LinkDefaults,
): LinkSettings {
  const timeout = (name: string, otherwise: number): number => {
    const text = parameter(name);
    if (text === undefined) return otherwise;
    if (!/^\d{1,9}$/.test(text))
      throw new Error(`${name}=${text} is not a whole number of ${unitMs === 1 ? 'milliseconds' : 'seconds'}`);
    return Number(text) * unitMs;
  };
  return {
    tcpKeepAlive: parameter('tcpKeepAlive')?.toLowerCase() !== 'false',
    connectTimeoutMs: timeout('connectTimeout', CONNECT_MS),
    loginTimeoutMs: timeout('loginTimeout', LOGIN_MS),
    socketTimeoutMs: timeout('socketTimeout', socketTimeoutMs),
  };
}

/**
 * Opens a session within its time limits. socket: of the session, TLS and all, once `open` has been called. Rejects with
 * what `open` does, or with an Error that names the limit or the stop; the socket is destroyed then.
 */
export async function openInTime(
  { connectTimeoutMs, loginTimeoutMs }: LinkSettings,
  signal: AbortSignal,
  socket: () => Socket,
  open: () => Promise<unknown>,
): Promise<void> {
  signal.throwIfAborted();
  const cut = Promise.withResolvers<never>();
  const giveUp = (reason: string): void => {
    cut.reject(new Error(reason));
    socket().destroy();
  };
  const timers = [
    timer(connectTimeoutMs, () => {
      if (socket().connecting) giveUp(`no TCP connection within connectTimeout (${connectTimeoutMs / 1000} s)`);
    }),
    timer(loginTimeoutMs, () => giveUp(`no session within loginTimeout (${loginTimeoutMs / 1000} s)`)),
  ];
  const stopping = addAbortListener(signal, () => giveUp('the task is stopping'));
  try {
    await Promise.race([open(), cut.promise]);
  } catch (error) {
    socket().destroy();
    throw error;
  } finally {
    for (const one of timers) clearTimeout(one);
    stopping[Symbol.dispose]();
  }
}

const timer = (ms: number, act: () => void): NodeJS.Timeout | undefined =>
  // setTimeout takes 31 bits.
  ms > 0 ? setTimeout(act, Math.min(ms, 2 ** 31 - 1)) : undefined;

/** Grows while bytes of a socket's move in either direction. */
export function bytesMoved(socket: Socket): number {
  // libuv's queue: it shrinks while the system takes bytes of one large write.
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return socket.bytesRead + socket.bytesWritten - (handle?.writeQueueSize ?? 0);
}

import { addAbortListener } from 'node:events';
import type { Socket } from 'node:net';

/**
 * Idle time after which TCP probes a connection; libuv then sends ten probes, one per second. The system's default of two hours is longer
 * than most routers keep an idle connection.
 */
export const KEEPALIVE_MS = 10_000;

/** Time limits of a connection, in the terms of JDBC drivers. 0: none. */
export interface LinkSettings {
  readonly tcpKeepAlive: boolean;
  /** Limit for the TCP connection. */
  readonly connectTimeoutMs: number;
  /** Limit for TCP connection, TLS, login and the session's settings together. */
  readonly loginTimeoutMs: number;
  /** Limit for the silence of a server while a response is pending. */
  readonly socketTimeoutMs: number;
}

export interface LinkDefaults {
  /** Unit of the driver's timeouts in milliseconds: 1000 for PostgreSQL, 1 for MySQL and MariaDB. */
  readonly unitMs: 1000 | 1;
  readonly socketTimeoutMs: number;
}

const CONNECT_MS = 10_000;
const LOGIN_MS = 30_000;

/** Reads `connectTimeout`, `loginTimeout`, `socketTimeout` and `tcpKeepAlive`. Throws Error for an invalid number. */
export function linkSettings(
  parameter: (name: string) => string | undefined,
  { unitMs, socketTimeoutMs }: LinkDefaults,
): LinkSettings {
  const timeout = (name: string, defaultMs: number): number => {
    const text = parameter(name);
    if (text === undefined) return defaultMs;
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
 * Opens a session within its time limits. socket: returns the session's socket after `open` was called. Rejects with the error of
 * `open`, or with an Error that names the exceeded limit or the stop; the socket is destroyed then.
 */
export async function openInTime(
  { connectTimeoutMs, loginTimeoutMs }: LinkSettings,
  signal: AbortSignal,
  socket: () => Socket,
  open: () => Promise<unknown>,
): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (reason: string): void => {
    aborted.reject(new Error(reason));
    socket().destroy();
  };
  const timers = [
    startTimer(connectTimeoutMs, () => {
      if (socket().connecting) abort(`no TCP connection within connectTimeout (${connectTimeoutMs / 1000} s)`);
    }),
    startTimer(loginTimeoutMs, () => abort(`no session within loginTimeout (${loginTimeoutMs / 1000} s)`)),
  ];
  const listener = addAbortListener(signal, () => abort('the task is stopping'));
  try {
    await Promise.race([open(), aborted.promise]);
  } catch (error) {
    socket().destroy();
    throw error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    listener[Symbol.dispose]();
  }
}

const startTimer = (ms: number, onTimeout: () => void): NodeJS.Timeout | undefined =>
  // Limit of setTimeout: 31 bits.
  ms > 0 ? setTimeout(onTimeout, Math.min(ms, 2 ** 31 - 1)) : undefined;

/** Number that increases while a socket transfers bytes in either direction. */
export function transferredBytes(socket: Socket): number {
  // Size of libuv's write queue, which shrinks while the system accepts bytes of a large write.
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return socket.bytesRead + socket.bytesWritten - (handle?.writeQueueSize ?? 0);
}

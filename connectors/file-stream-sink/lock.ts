import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MillraceError } from '../../src/errors.ts';
import { codeOf } from './failures.ts';

/** Interval between attempts to acquire a lock, and the time after which acquiring it fails. */
const RETRY_MS = 5;
const TIMEOUT_MS = 30_000;

/**
 * Returns the name of a file's lock among the processes of a machine: an abstract socket (unix(7)), which the kernel frees
 * when its process ends, also after a crash. Node has no file locks. Other systems than Linux have no abstract sockets:
 * there, and between machines and containers that share a folder, only the positions in the checkpoint fence writers.
 */
export async function lockName(path: string): Promise<string> {
  const canonicalPath = join(await realpath(dirname(path)), basename(path));
  return `\0millrace-file-${createHash('sha256').update(canonicalPath).digest('hex').slice(0, 40)}`;
}

/** Runs `work` with the lock. SINK_UNAVAILABLE when it cannot be acquired in time. */
export async function withLock<T>(name: string, path: string, work: () => Promise<T>): Promise<T> {
  if (process.platform !== 'linux') return work();
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    const lock = await acquire(name);
    if (lock !== null) {
      try {
        return await work();
      } finally {
        lock.close();
      }
    }
    if (performance.now() > deadline)
      throw new MillraceError(
        'SINK_UNAVAILABLE',
        `Another process has been writing to ${path} for ${TIMEOUT_MS / 1000} s; it may be frozen.`,
      );
    await pause(RETRY_MS);
  }
}

/** Returns null when another process has the lock. */
function acquire(name: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy());
    server.once('error', error => (codeOf(error) === 'EADDRINUSE' ? resolve(null) : reject(error)));
    // exclusive: Node's cluster module must not share the socket between its processes.
    server.listen({ path: name, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}

import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MillraceError } from '../../src/errors.ts';
import { codeOf } from './failures.ts';

/** How often a lock that someone else holds is tried again, and when that is given up. Milliseconds. */
const EVERY = 5;
const PATIENCE = 30_000;

/**
 * What one file is locked by among the processes of a machine: an abstract socket (unix(7)), whose name the kernel frees
 * when its process ends, however it ends. Node has no lock on files. Systems other than Linux have no such names: there,
 * and between machines and containers that share a folder, the positions in the checkpoint are the only fence.
 */
export async function lockName(path: string): Promise<string> {
  const whole = join(await realpath(dirname(path)), basename(path));
  return `\0millrace-file-${createHash('sha256').update(whole).digest('hex').slice(0, 40)}`;
}

/** Does the work while no other holds this lock. SINK_UNAVAILABLE when it is not to be had. */
export async function withLock<T>(name: string, path: string, work: () => Promise<T>): Promise<T> {
  if (process.platform !== 'linux') return work();
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const held = await taken(name);
    if (held !== null) {
      try {
        return await work();
      } finally {
        held.close();
      }
    }
    if (performance.now() > deadline)
      throw new MillraceError(
        'SINK_UNAVAILABLE',
        `Another process has been writing to ${path} for ${PATIENCE / 1000} s; it may be frozen.`,
      );
    await pause(EVERY);
  }
}

function taken(name: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy());
    server.once('error', error => (codeOf(error) === 'EADDRINUSE' ? resolve(null) : reject(error)));
    // exclusive: not shared among the processes of a cluster, each of which is to have it by itself.
    server.listen({ path: name, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}

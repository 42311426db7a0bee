import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

// Below the range from which operating systems take the ports of outgoing connections: what is free now stays free
// until a server that takes seconds to start listens on it, and again while it restarts.
const lowest = 15_000;
const highest = 32_000;

const reserved = new Set<string>();

/**
 * A port on 127.0.0.1 that nobody listens on. It is reserved until this process ends: no other process of this user is
 * given it, even while no server listens on it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest);
    if (reserve(port) && (await isFree(port))) return port;
  }
}

/** A file for each port, which holds the id of the process. */
function reserve(port: number): boolean {
  const folder = join(tmpdir(), `millrace-ports-${userInfo().uid}`);
  const file = join(folder, String(port));
  if (reserved.has(file)) return false;
  mkdirSync(folder, { recursive: true });
  if (!isLeftOver(file)) return false;
  try {
    rmSync(file, { force: true });
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch {
    return false;
  }
  if (reserved.size === 0) process.once('exit', release);
  reserved.add(file);
  return true;
}

/** Whether the process that made the file has ended, or there is no such file. */
function isLeftOver(file: string): boolean {
  let pid: number;
  try {
    pid = Number(readFileSync(file, 'utf8'));
  } catch {
    return true;
  }
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function release(): void {
  for (const file of reserved) rmSync(file, { force: true });
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range from which operating systems take the ports of outgoing connections: what is free now stays free
// until a server that takes seconds to start listens on it, and again while it restarts.
const lowest = 15_000;
const highest = 32_000;

const handedOut = new Set<number>();

/** A port on 127.0.0.1 that nobody listens on, and that this process has not handed out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:net';

// Below the range from which operating systems take the ports of outgoing connections: what is free now stays free
// until a server that takes seconds to start listens on it, and again while it restarts.
const lowest = 15_000;
const highest = 32_000;

/** Sockets that keep the ports of this process from others. */
const reserved: Socket[] = [];

/**
 * Returns a port on 127.0.0.1 on which no process listens. It stays reserved until this process ends: `freePort` does not
 * return it in another process, even before a server listens on it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest);
    if ((await reserve(port)) && (await isFree(port))) return port;
  }
}

/** Binds the UDP port of that number, which no server here uses and which the operating system frees with the process. */
function reserve(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      socket.unref();
      reserved.push(socket);
      resolve(true);
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that can fall silent: connections stay open, and data sent over them is discarded. */
export interface SilentProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Silences the open connections, as after a router lost its state. */
  silenceOpen(): void;
  /** Silences all connections, also later ones, as when a host is lost or a server is frozen. */
  silence(): void;
}

export async function startSilentProxy(server: { readonly host: string; readonly port: number }): Promise<SilentProxy> {
  const sockets = new Set<Socket>();
  const silent = new WeakSet<Socket>();
  let isSilent = false;
  const proxy = createServer(client => {
    const upstream = connect(server.port, server.host);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', chunk => {
        if (!isSilent && !silent.has(from)) to.write(chunk);
      });
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        if (!isSilent && !silent.has(from)) to.destroy();
      });
    }
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  return {
    host: '127.0.0.1',
    port: (proxy.address() as AddressInfo).port,
    silenceOpen() {
      for (const socket of sockets) silent.add(socket);
    },
    silence() {
      isSilent = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => proxy.close(resolve));
    },
  };
}

import { networkInterfaces } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { MillraceError, messageOf } from '../errors.ts';

export interface Listener {
  /** Empty: all interfaces. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

const DEFAULT_PORT = 8083;

/**
 * Where to listen, from Connect's worker properties: `listeners` (`http://:8083`, several with commas between), else
 * `rest.host.name` and `rest.port`, else all interfaces on 8083. CONFIG_INVALID.
 */
export function parseListeners(
  config: Readonly<Record<string, string | undefined>>,
): readonly [Listener, ...Listener[]] {
  const { listeners } = config;
  if (listeners === undefined || listeners.trim() === '')
    return [{ host: config['rest.host.name']?.trim() ?? '', port: portOf(config['rest.port'], 'rest.port') }];
  const [first, ...rest] = listeners.split(',').map(text => listenerOf(text.trim()));
  if (first === undefined) throw invalid(listeners);
  return [first, ...rest];
}

function listenerOf(text: string): Listener {
  const [, protocol, bracketed, plain, port] = /^([a-z]+):\/\/(?:\[([^\]]*)\]|([^:[\]/]*)):(\d+)\/?$/i.exec(text) ?? [];
  if (protocol === undefined) throw invalid(text);
  if (protocol.toLowerCase() !== 'http')
    throw new MillraceError(
      'CONFIG_INVALID',
      `Invalid value ${text} for configuration listeners: Millrace serves http; put a proxy that ends TLS before it.`,
    );
  return { host: bracketed ?? plain ?? '', port: portOf(port, 'listeners') };
}

function portOf(text: string | undefined, key: string): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text.trim());
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new MillraceError('CONFIG_INVALID', `Invalid value ${text} for configuration ${key}: a port is 0 to 65535.`);
}

const invalid = (text: string): MillraceError =>
  new MillraceError(
    'CONFIG_INVALID',
    `Invalid value ${text} for configuration listeners: write http://HOST:PORT, with HOST empty for all interfaces.`,
  );

export interface Serving {
  /** `http://127.0.0.1:8083`, one for each listener, with an address that can be opened on this machine. */
  readonly urls: readonly string[];
  /** Takes no new requests and waits for those under way. Idempotent. */
  close(): Promise<void>;
}

/** Listens with an app of its own for each listener; all or none. CONFIG_INVALID where an address cannot be had. */
export async function serve(listeners: readonly Listener[], app: () => FastifyInstance): Promise<Serving> {
  const apps: FastifyInstance[] = [];
  const urls: string[] = [];
  let closing: Promise<unknown> | undefined;
  const close = async () => {
    closing ??= Promise.all(apps.map(one => one.close()));
    await closing;
  };
  try {
    for (const { host, port } of listeners) {
      const one = app();
      apps.push(one);
      await one.listen({ host: host === '' ? everywhere() : host, port });
      const bound = one.server.address();
      urls.push(`http://${inUrl(host)}:${typeof bound === 'object' && bound !== null ? bound.port : port}`);
    }
  } catch (error) {
    await close();
    throw new MillraceError(
      'CONFIG_INVALID',
      `Cannot listen on ${listeners.map(one => `http://${one.host}:${one.port}`).join(', ')} (${messageOf(error)}): free the port or set listeners.`,
      { cause: error },
    );
  }
  return { urls, close };
}

/** An unspecified address takes IPv4 along, where the machine has IPv6 at all. */
const everywhere = (): string =>
  Object.values(networkInterfaces()).some(addresses => addresses?.some(one => one.family === 'IPv6'))
    ? '::'
    : '0.0.0.0';

function inUrl(host: string): string {
  if (host === '' || host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

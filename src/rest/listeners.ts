import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { MillraceError, messageOf } from '../errors.ts';
import { type ListenerTls, listenerTls } from './access/tls.ts';

export interface Listener {
  /** A name or an address. Empty: all interfaces. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Present: https. */
  readonly tls?: ListenerTls;
  /** Only /admin, or all but that. Absent: everything. */
  readonly serves?: 'admin' | 'others';
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8083;

type Props = Readonly<Record<string, string | undefined>>;

/**
 * Where to listen, from Connect's worker properties: `listeners` (`http://:8083`, several with commas between), else
 * `rest.host.name` and `rest.port`, else 127.0.0.1 and 8083. With `admin.listeners` /admin is there and nowhere else;
 * where those are empty, it is nowhere. CONFIG_INVALID.
 */
export function parseListeners(config: Props): readonly [Listener, ...Listener[]] {
  const { listeners, 'admin.listeners': admin } = config;
  const [first, ...rest] = publicListeners(config, listeners?.trim() ?? '');
  if (first === undefined) throw invalid('listeners', listeners ?? '');
  if (admin === undefined) return [first, ...rest];
  const others = (listener: Listener): Listener => ({ ...listener, serves: 'others' });
  const own = admin.trim() === '' ? [] : parseListenerList(config, 'admin.listeners', admin);
  return [others(first), ...rest.map(others), ...own.map((one): Listener => ({ ...one, serves: 'admin' }))];
}

/** Whether nothing says where to listen. */
export const isDefaultHost = ({ listeners, 'rest.host.name': host }: Props): boolean =>
  (listeners?.trim() ?? '') === '' && (host?.trim() ?? '') === '';

const publicListeners = (config: Props, listeners: string): readonly Listener[] =>
  listeners === ''
    ? [{ host: config['rest.host.name']?.trim() || DEFAULT_HOST, port: parsePort(config['rest.port'], 'rest.port') }]
    : parseListenerList(config, 'listeners', listeners);

const parseListenerList = (config: Props, key: string, texts: string): readonly Listener[] =>
  texts.split(',').map(text => parseListener(config, key, text.trim()));

function parseListener(config: Props, key: string, text: string): Listener {
  const [, protocol, bracketed, plain, port] = /^([a-z]+):\/\/(?:\[([^\]]*)\]|([^:[\]/]*)):(\d+)\/?$/i.exec(text) ?? [];
  if (protocol === undefined || !/^https?$/i.test(protocol)) throw invalid(key, text);
  const place = { host: bracketed ?? plain ?? '', port: parsePort(port, key) };
  return protocol.toLowerCase() === 'https' ? { ...place, tls: listenerTls(config, `${key}.https.`) } : place;
}

function parsePort(text: string | undefined, key: string): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text.trim());
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new MillraceError('CONFIG_INVALID', `Invalid value ${text} for configuration ${key}: a port is 0 to 65535.`);
}

const invalid = (key: string, text: string): MillraceError =>
  new MillraceError(
    'CONFIG_INVALID',
    `Invalid value ${text} for configuration ${key}: write http://HOST:PORT or https://HOST:PORT, with HOST empty for all interfaces.`,
  );

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Listeners that other machines can reach, as texts. A name other than localhost is taken for one. */
export function exposedListeners(listeners: readonly Listener[]): string[] {
  return listeners.filter(({ host }) => !isLoopback(host)).map(urlOf);
}

function isLoopback(host: string): boolean {
  if (isIPv4(host)) return loopback.check(host, 'ipv4');
  if (isIPv6(host)) return loopback.check(host, 'ipv6');
  const name = host.toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost');
}

const urlOf = (listener: Listener): string => {
  const { host, port } = listener;
  return `${schemeOf(listener)}://${host.includes(':') ? `[${host}]` : host}:${port}`;
};

const schemeOf = ({ tls }: Listener): string => (tls === undefined ? 'http' : 'https');

export interface Serving {
  /** `http://127.0.0.1:8083`, one for each listener, with an address that can be opened on this machine. */
  readonly urls: readonly string[];
  /** Takes no new requests and waits for those under way. Idempotent. */
  close(): Promise<void>;
}

/** Listens with an app of its own for each listener; all or none. CONFIG_INVALID where an address cannot be had. */
export async function serve(
  listeners: readonly Listener[],
  app: (listener: Listener) => FastifyInstance,
): Promise<Serving> {
  const apps: FastifyInstance[] = [];
  const urls: string[] = [];
  let closing: Promise<unknown> | undefined;
  const close = async () => {
    closing ??= Promise.all(apps.map(one => one.close()));
    await closing;
  };
  try {
    for (const listener of listeners) {
      const { host, port } = listener;
      const one = app(listener);
      apps.push(one);
      await one.listen({ host: host === '' ? everywhere() : host, port });
      const bound = one.server.address();
      urls.push(
        `${schemeOf(listener)}://${inUrl(host)}:${typeof bound === 'object' && bound !== null ? bound.port : port}`,
      );
    }
  } catch (error) {
    await close();
    throw new MillraceError(
      'CONFIG_INVALID',
      `Cannot listen on ${listeners.map(urlOf).join(', ')} (${messageOf(error)}): free the port or set listeners.`,
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

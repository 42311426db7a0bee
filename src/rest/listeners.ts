import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { MillraceError, messageOf } from '../errors.ts';
import { type ListenerTls, listenerTls } from './access/tls.ts';

export interface Listener {
  /** A name or an address. Empty: all interfaces. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Present: https. */
  readonly tls?: ListenerTls;
  /** Paths: only /admin, or all others. Absent: all. */
  readonly serves?: 'admin' | 'others';
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8083;

type Props = Readonly<Record<string, string | undefined>>;

/**
 * Reads the listeners from Kafka Connect's worker properties: `listeners` (`http://:8083`, comma-separated), otherwise
 * `rest.host.name` and `rest.port`, by default 127.0.0.1 and 8083. If `admin.listeners` is set, only they serve /admin; an
 * empty value disables /admin. CONFIG_INVALID.
 */
export function parseListeners(config: Props): readonly [Listener, ...Listener[]] {
  const { listeners, 'admin.listeners': admin } = config;
  const [first, ...rest] = publicListeners(config, listeners?.trim() ?? '');
  if (first === undefined) throw invalid('listeners', listeners ?? '');
  if (admin === undefined) return [first, ...rest];
  const others = (listener: Listener): Listener => ({ ...listener, serves: 'others' });
  const adminListeners = admin.trim() === '' ? [] : parseListenerList(config, 'admin.listeners', admin);
  return [
    others(first),
    ...rest.map(others),
    ...adminListeners.map((listener): Listener => ({ ...listener, serves: 'admin' })),
  ];
}

/** True if neither `listeners` nor `rest.host.name` is set. */
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
  const address = { host: bracketed ?? plain ?? '', port: parsePort(port, key) };
  return protocol.toLowerCase() === 'https' ? { ...address, tls: listenerTls(config, `${key}.https.`) } : address;
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

/** URLs of listeners that other machines can reach. Host names other than localhost are included. */
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
  /** One URL for each listener, such as `http://127.0.0.1:8083`, reachable from this machine. */
  readonly urls: readonly string[];
  /** Accepts no new requests and waits for pending ones. Idempotent. */
  close(): Promise<void>;
}

/** Listens on all listeners, or on none if one fails, with one app each. CONFIG_INVALID if an address is not available. */
export async function serve(
  listeners: readonly Listener[],
  app: (listener: Listener) => FastifyInstance,
): Promise<Serving> {
  const apps: FastifyInstance[] = [];
  const urls: string[] = [];
  let closing: Promise<unknown> | undefined;
  const close = async () => {
    closing ??= Promise.all(apps.map(instance => instance.close()));
    await closing;
  };
  try {
    for (const listener of listeners) {
      const { host, port } = listener;
      const instance = app(listener);
      apps.push(instance);
      await instance.listen({ host: host === '' ? anyAddress() : host, port });
      const bound = instance.server.address();
      urls.push(
        `${schemeOf(listener)}://${urlHost(host)}:${typeof bound === 'object' && bound !== null ? bound.port : port}`,
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

/** The unspecified address of IPv6 includes IPv4, but only on a machine with IPv6. */
const anyAddress = (): string =>
  Object.values(networkInterfaces()).some(addresses => addresses?.some(one => one.family === 'IPv6'))
    ? '::'
    : '0.0.0.0';

function urlHost(host: string): string {
  if (host === '' || host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

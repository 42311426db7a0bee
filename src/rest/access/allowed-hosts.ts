import { isIPv4, isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { HttpError } from '../errors.ts';
import type { Listener } from '../listeners.ts';

/**
 * Host names that requests may be addressed to, in lower case; `*.example.com` matches all subdomains of example.com.
 * undefined: any.
 */
export type AllowedHosts = readonly string[] | undefined;

export interface AllowedHostsOptions {
  /** `rest.allowed.hosts`. */
  readonly configured: readonly string[];
  readonly listeners: readonly Listener[];
  /** `rest.advertised.host.name`. */
  readonly advertised: string | undefined;
  readonly machine?: string;
}

export function readAllowedHosts({
  configured,
  listeners,
  advertised,
  machine = hostname(),
}: AllowedHostsOptions): AllowedHosts {
  if (configured.includes('*')) return undefined;
  const all = [
    'localhost',
    '*.localhost',
    machine,
    machine.split('.', 1)[0] ?? '',
    ...(advertised === undefined ? [] : [advertised]),
    ...listeners.map(({ host }) => host),
    ...configured,
  ];
  return [...new Set(all.map(canonical))].filter(name => name !== '');
}

const canonical = (name: string): string => name.trim().toLowerCase().replace(/\.$/, '');

/**
 * Rejects requests with another host name. A page of evil.example can make its name resolve to this machine (DNS rebinding);
 * the browser then regards it as this server's origin, but its requests have `Host: evil.example`. IP addresses are accepted,
 * since DNS is not involved.
 */
export function checkHost(app: FastifyInstance, allowed: readonly string[]): void {
  app.addHook('onRequest', async request => {
    // Only HTTP/1.0 clients omit it; browsers never do.
    const { host = '' } = request.headers;
    if (host === '') return;
    const name = hostOf(host);
    if (name !== undefined && (isIPv4(name) || isAllowed(name, allowed))) return;
    if (name === undefined && isBracketed(host)) return;
    throw new HttpError(421, wrongHostMessage(name ?? host));
  });
}

/** The name of `name:port`; undefined for anything else. */
function hostOf(header: string): string | undefined {
  const [name = '', port, ...rest] = header.split(':');
  return rest.length > 0 || (port !== undefined && !/^\d{0,5}$/.test(port)) ? undefined : canonical(name);
}

/** True for an IPv6 address in brackets, with or without a port. */
function isBracketed(header: string): boolean {
  const end = header.indexOf(']');
  return header.startsWith('[') && isIPv6(header.slice(1, end)) && /^(?::\d{0,5})?$/.test(header.slice(end + 1));
}

const isAllowed = (name: string, allowed: readonly string[]): boolean =>
  allowed.some(host => (host.startsWith('*.') ? name.endsWith(host.slice(1)) : name === host));

const wrongHostMessage = (name: string): string =>
  `This worker does not answer to the host name ${name.slice(0, 255)}: add it to rest.allowed.hosts in the worker's ` +
  'properties, or use an address.';

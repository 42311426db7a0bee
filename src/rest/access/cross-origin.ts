import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from '../errors.ts';

/** Access of pages of other origins (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export interface CrossOrigin {
  /** `*`, or origins such as `https://console.example`, in which `*` matches any text. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
}

const SIMPLE_METHODS = ['GET', 'POST', 'HEAD'];
/** Seconds for which browsers cache a preflight response. */
const MAX_AGE = 60;

/** Reads `access.control.allow.origin` and `access.control.allow.methods`; undefined if no other origin is allowed. */
export function readCrossOrigin(props: Readonly<Record<string, string | undefined>>): CrossOrigin | undefined {
  const origins = list(props['access.control.allow.origin']);
  if (origins.length === 0) return undefined;
  const methods = list(props['access.control.allow.methods']).map(method => method.toUpperCase());
  return { origins, methods: methods.length === 0 ? SIMPLE_METHODS : methods };
}

const list = (text = ''): string[] =>
  text
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '');

export function allowCrossOrigin(app: FastifyInstance, { origins, methods }: CrossOrigin): void {
  const isAllowed = originMatcher(origins);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !isAllowed(origin)) return;
    reply.header('access-control-allow-origin', origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return;
    reply.header('access-control-allow-methods', methods.join(','));
    reply.header('access-control-allow-headers', 'Content-Type');
    reply.header('access-control-max-age', String(MAX_AGE));
  });
}

/**
 * Rejects changes by pages of other origins. Browsers send a POST without a body, or with a plain-text body, without a
 * preflight request and only hide the response from the page.
 */
export function refuseCrossSite(app: FastifyInstance, crossOrigin: CrossOrigin | undefined): void {
  const isAllowed = originMatcher(crossOrigin?.origins ?? []);
  app.addHook('preHandler', async request => {
    if (SAFE_METHODS.has(request.method) || !isCrossOrigin(request)) return;
    const { origin } = request.headers;
    if (origin !== undefined && isAllowed(origin)) return;
    throw new HttpError(
      403,
      `A page of ${origin ?? 'another origin'} is not allowed to do this: add its origin to access.control.allow.origin in the ` +
        "worker's properties.",
    );
  });
}

/** More than a scheme, a host name of 253 characters and a port. */
const MAX_ORIGIN_CHARS = 300;
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Uses https://www.w3.org/TR/fetch-metadata/; browsers without it send Origin with every POST. */
function isCrossOrigin({ headers }: FastifyRequest): boolean {
  const { origin, host = '', 'sec-fetch-site': site } = headers;
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (origin === undefined) return false;
  const from = URL.parse(origin);
  // Compares hosts only, since a proxy may have terminated TLS.
  return from === null || from.host !== URL.parse(`${from.protocol}//${host}`)?.host;
}

function originMatcher(origins: readonly string[]): (origin: string) => boolean {
  const tests = origins.map(wildcardMatcher);
  return origin => origin.length <= MAX_ORIGIN_CHARS && tests.some(matches => matches(origin));
}

/** `*` matches any text. Each part between two wildcards is searched after the previous part. */
function wildcardMatcher(allowed: string): (origin: string) => boolean {
  const [first = '', ...rest] = allowed.split('*');
  const last = rest.pop();
  if (last === undefined) return origin => origin === allowed;
  return origin => {
    if (!origin.startsWith(first) || !origin.endsWith(last)) return false;
    let end = first.length;
    for (const part of rest) {
      const start = origin.indexOf(part, end);
      if (start < 0) return false;
      end = start + part.length;
    }
    return end + last.length <= origin.length;
  };
}

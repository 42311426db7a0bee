import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from '../errors.ts';

/** Which pages of other origins may use the API (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export interface CrossOrigin {
  /** `*`, or origins such as `https://console.example`, in which a `*` stands for any text. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
}

const SIMPLE_METHODS = ['GET', 'POST', 'HEAD'];
/** Seconds for which a browser need not ask again. */
const MAX_AGE = 60;

/** From `access.control.allow.origin` and `access.control.allow.methods`; undefined where no other origin may. */
export function readCrossOrigin(props: Readonly<Record<string, string | undefined>>): CrossOrigin | undefined {
  const origins = list(props['access.control.allow.origin']);
  if (origins.length === 0) return undefined;
  const methods = list(props['access.control.allow.methods']).map(method => method.toUpperCase());
  return { origins, methods: methods.length === 0 ? SIMPLE_METHODS : methods };
}

const list = (text = ''): string[] =>
  text
    .split(',')
    .map(one => one.trim())
    .filter(one => one !== '');

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
 * Refuses what a page of another origin would change. Browsers send a POST without a body, or with a plain one, without
 * asking this server first: only the page does not get to see the answer.
 */
export function refuseCrossSite(app: FastifyInstance, crossOrigin: CrossOrigin | undefined): void {
  const isAllowed = originMatcher(crossOrigin?.origins ?? []);
  app.addHook('preHandler', async request => {
    if (SAFE_METHODS.has(request.method) || !isCrossOrigin(request)) return;
    const { origin } = request.headers;
    if (origin !== undefined && isAllowed(origin)) return;
    throw new HttpError(
      403,
      `A page of ${origin ?? 'another origin'} may not do this: add its origin to access.control.allow.origin in the ` +
        "worker's properties.",
    );
  });
}

/** A scheme, a host name of 253 characters, and a port are shorter. */
const MAX_ORIGIN_CHARS = 300;
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** https://www.w3.org/TR/fetch-metadata/; where a browser does not send that, it sends Origin with every POST. */
function isCrossOrigin({ headers }: FastifyRequest): boolean {
  const { origin, host = '', 'sec-fetch-site': site } = headers;
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (origin === undefined) return false;
  const from = URL.parse(origin);
  // A proxy may have taken the TLS off: hosts are compared, schemes are not.
  return from === null || from.host !== URL.parse(`${from.protocol}//${host}`)?.host;
}

function originMatcher(origins: readonly string[]): (origin: string) => boolean {
  const tests = origins.map(wildcardMatcher);
  return origin => origin.length <= MAX_ORIGIN_CHARS && tests.some(matches => matches(origin));
}

/** A `*` stands for any text: each part between two is looked for after the one before it. */
function wildcardMatcher(allowed: string): (origin: string) => boolean {
  const [first = '', ...rest] = allowed.split('*');
  const last = rest.pop();
  if (last === undefined) return origin => origin === allowed;
  return origin => {
    if (!origin.startsWith(first) || !origin.endsWith(last)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = origin.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at + last.length <= origin.length;
  };
}

import type { FastifyInstance } from 'fastify';

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
export function crossOriginOf(props: Readonly<Record<string, string | undefined>>): CrossOrigin | undefined {
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
  const patterns = origins.map(wildcards);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !patterns.some(pattern => pattern.test(origin))) return;
    reply.header('access-control-allow-origin', origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return;
    reply.header('access-control-allow-methods', methods.join(','));
    reply.header('access-control-allow-headers', 'Content-Type');
    reply.header('access-control-max-age', String(MAX_AGE));
  });
}

const wildcards = (origin: string): RegExp =>
  new RegExp(`^${origin.replace(/[.+?^$()|[\]{}\\]/g, '\\$&').replaceAll('*', '.*')}$`);

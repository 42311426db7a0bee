import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { MillraceError } from '../errors.ts';
import { type AccessPolicy, applyAccessPolicy } from './access/access-policy.ts';
import { readBody } from './body.ts';
import { withTimeout } from './deadline.ts';
import type { Limits, RestDeps } from './deps.ts';
import { errorBody, HttpError } from './errors.ts';
import type { Listener } from './listeners.ts';
import { configResource } from './routes/connector-config.ts';
import { stateResources } from './routes/connector-state.ts';
import { connectorResources } from './routes/connectors.ts';
import { clusterIdWithTimeout } from './routes/kafka.ts';
import { loggerResources } from './routes/loggers.ts';
import { metricsResource } from './routes/metrics.ts';
import { offsetsResource } from './routes/offsets.ts';
import { pluginResources } from './routes/plugins.ts';
import { rootResources } from './routes/root.ts';
import { taskResources } from './routes/tasks.ts';
import { topicResources } from './routes/topics.ts';
import { withVersions } from './versions.ts';

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const BODY_BYTES = 1024 * 1024;
/** How long a client may take to send a request, and its headers. */
const REQUEST_MS = 30_000;
const HEADERS_MS = 10_000;

/** One listener's part in the API. */
export type Served = Pick<Listener, 'tls' | 'serves'> & Partial<AccessPolicy>;

/**
 * Kafka Connect's REST API over Temporal. Stateless: any number of copies may serve the same cluster. The caller listens
 * (see listeners.ts) and closes.
 */
export function restServer(deps: RestDeps, { tls, serves, ...surface }: Served = {}): FastifyInstance {
  const limits: Limits = { requestMs: 90_000, probeMs: 5000, connections: 1000, ...deps.limits };
  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const answer = errorBody(error, request.id);
    if (answer.error_code >= 500) report(deps, error, request, answer.error_code);
    return reply.code(answer.error_code).type(JSON_TYPE).send(JSON.stringify(answer));
  };
  const app = Fastify({
    ...(tls && { https: tls }),
    logger: false,
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 4096 },
    frameworkErrors: (error, request, reply) => void fail(error, request, reply),
  });
  app.server.maxConnections = limits.connections;
  app.server.headersTimeout = HEADERS_MS;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) =>
    readBody(request, body),
  );
  app.addContentTypeParser(FORM_TYPE, { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    if (!isTyped(request, body)) throw new HttpError(415);
    return readBody(request, body);
  });
  // As in Connect, what is for administrators alone is not for pages of other origins.
  const { users, hosts } = surface;
  applyAccessPolicy(app, serves === 'admin' ? { ...(users && { users }), ...(hosts && { hosts }) } : surface);
  app.setErrorHandler((error: FastifyError, request, reply) => fail(error, request, reply));
  app.setNotFoundHandler(() => undefined);
  app.addHook('onRequest', async request => {
    // Here and not in the handler: a path that is not there is not there with any body.
    if (request.is404) throw new HttpError(404);
  });
  app.addHook('onRoute', route => {
    const { handler } = route;
    route.handler = async function (this: FastifyInstance, request, reply) {
      return withTimeout(limits.requestMs, Promise.resolve(handler.call(this, request, reply)), late);
    };
  });
  // JSON is UTF-8 by definition (RFC 8259): Connect names no charset, and some clients compare.
  app.addHook('onSend', async (_request, reply) => {
    if (String(reply.getHeader('content-type')).startsWith(JSON_TYPE)) reply.header('content-type', JSON_TYPE);
  });

  if (deps.loggers !== undefined && serves !== 'others') loggerResources(app, deps.loggers, deps.setClusterLevel);
  if (serves === 'admin') return app;
  const control = withVersions(deps.control, deps.version);
  rootResources(app, deps, limits);
  // A connector that is made or changed needs Kafka: who asks hears at once that it is down.
  const kafka = clusterIdWithTimeout(deps, limits);
  connectorResources(app, control, kafka);
  configResource(app, control, kafka);
  stateResources(app, control);
  taskResources(app, control, deps.plugins);
  offsetsResource(app, control, deps.offsets);
  topicResources(app, control, deps.topicTracking);
  pluginResources(app, deps.plugins);
  if (deps.metrics !== undefined) metricsResource(app, deps.metrics);
  return app;
}

/**
 * Whether somebody has sent JSON with `curl -d` alone, which calls everything a form. A page in a browser could send the
 * same without asking this server first, but not without saying where it comes from.
 */
const isTyped = ({ headers }: FastifyRequest, body: Buffer): boolean =>
  headers.origin === undefined &&
  headers['sec-fetch-site'] === undefined &&
  body.toString('latin1').trimStart()[0] === '{';

const late = () =>
  new MillraceError(
    'TEMPORAL_UNAVAILABLE',
    'The request took too long and goes on unseen: look what came of it before you send it again.',
  );

/** What a client is not told. */
function report(deps: RestDeps, error: unknown, request: FastifyRequest, status: number): void {
  const fields = { request: request.id, method: request.method, route: request.routeOptions.url, status };
  if (error instanceof MillraceError && status === 503)
    deps.log.warn({ ...fields, error: error.message }, 'request refused');
  else deps.log.error({ ...fields, error: error instanceof Error ? error.stack : String(error) }, 'request failed');
}

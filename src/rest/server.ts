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
/** Milliseconds in which a client has to send a request and its headers. */
const REQUEST_MS = 30_000;
const HEADERS_MS = 10_000;

/** Options of the API on one listener. */
export type ServerOptions = Pick<Listener, 'tls' | 'serves'> & Partial<AccessPolicy>;

/**
 * Creates the server of Kafka Connect's REST API over Temporal. Stateless: any number of servers can serve the same cluster.
 * The caller listens (see listeners.ts) and closes it.
 */
export function createRestServer(deps: RestDeps, { tls, serves, ...policy }: ServerOptions = {}): FastifyInstance {
  const limits: Limits = { requestMs: 90_000, probeMs: 5000, connections: 1000, ...deps.limits };
  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const answer = errorBody(error, request.id);
    if (answer.error_code >= 500) logError(deps, error, request, answer.error_code);
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
    if (!isUnlabelledJson(request, body)) throw new HttpError(415);
    return readBody(request, body);
  });
  // Listeners of /admin allow no other origins and set no headers, as in Kafka Connect.
  const { users, hosts } = policy;
  applyAccessPolicy(app, serves === 'admin' ? { ...(users && { users }), ...(hosts && { hosts }) } : policy);
  app.setErrorHandler((error: FastifyError, request, reply) => fail(error, request, reply));
  app.setNotFoundHandler(() => undefined);
  app.addHook('onRequest', async request => {
    // Rejected before the body is parsed, so that an invalid body does not change the response.
    if (request.is404) throw new HttpError(404);
  });
  app.addHook('onRoute', route => {
    const { handler } = route;
    route.handler = async function (this: FastifyInstance, request, reply) {
      return withTimeout(limits.requestMs, Promise.resolve(handler.call(this, request, reply)), timeoutError);
    };
  });
  // No charset, like Kafka Connect, since some clients compare the header. JSON is always UTF-8 (RFC 8259).
  app.addHook('onSend', async (_request, reply) => {
    if (String(reply.getHeader('content-type')).startsWith(JSON_TYPE)) reply.header('content-type', JSON_TYPE);
  });

  if (deps.loggers !== undefined && serves !== 'others') loggerResources(app, deps.loggers, deps.setClusterLevel);
  if (serves !== 'admin') connectResources(app, deps, limits);
  return app;
}

/** The resources of Kafka Connect, but for /admin. */
function connectResources(app: FastifyInstance, deps: RestDeps, limits: Limits): void {
  const control = withVersions(deps.control, deps.version);
  rootResources(app, deps, limits);
  // Creating or changing a connector requires Kafka: fail early if it is down.
  const kafka = clusterIdWithTimeout(deps, limits);
  connectorResources(app, control, kafka);
  configResource(app, control, kafka);
  stateResources(app, control);
  taskResources(app, control, deps.plugins);
  offsetsResource(app, control, deps.offsets);
  topicResources(app, control, deps.topicTracking);
  pluginResources(app, deps.plugins);
  if (deps.metrics !== undefined) metricsResource(app, deps.metrics);
}

/**
 * True for JSON that `curl -d` has sent with its default content type, that of forms. A page in a browser could send the same
 * without a preflight request, but not without a header that shows its origin.
 */
const isUnlabelledJson = ({ headers }: FastifyRequest, body: Buffer): boolean =>
  headers.origin === undefined &&
  headers['sec-fetch-site'] === undefined &&
  body.toString('latin1').trimStart()[0] === '{';

const timeoutError = () =>
  new MillraceError(
    'TEMPORAL_UNAVAILABLE',
    'The request timed out but is still being processed: check its effect before you send it again.',
  );

/** Logs the details of an error, which the response does not contain. */
function logError(deps: RestDeps, error: unknown, request: FastifyRequest, status: number): void {
  const fields = { request: request.id, method: request.method, route: request.routeOptions.url, status };
  if (error instanceof MillraceError && status === 503)
    deps.log.warn({ ...fields, error: error.message }, 'request rejected');
  else deps.log.error({ ...fields, error: error instanceof Error ? error.stack : String(error) }, 'request failed');
}

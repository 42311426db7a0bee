import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './errors.ts';

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof methods)[number];

/**
 * Registers the handlers of a path. Other methods get 405 with the allowed methods; OPTIONS returns the same list, and GET
 * includes HEAD.
 */
export function resource(app: FastifyInstance, url: string, handlers: Partial<Record<Method, Handler>>): void {
  const served = methods.filter(method => handlers[method] !== undefined);
  const allow = [...(served.includes('GET') ? ['HEAD'] : []), ...served, 'OPTIONS'].join(', ');
  for (const method of served) {
    const handler = handlers[method];
    if (handler !== undefined) app.route({ method, url, handler });
  }
  app.route({
    method: 'OPTIONS',
    url,
    handler: async (_request, reply) => reply.header('allow', allow).type('text/plain').send(allow),
  });
  app.route({
    method: [...methods.filter(method => !served.includes(method)), ...(served.includes('GET') ? [] : ['HEAD'])],
    url,
    // Rejected before the body is parsed, so that an invalid body does not change the response.
    onRequest: async (_request, reply) => {
      reply.header('allow', allow);
      throw new HttpError(405);
    },
    handler: async () => undefined,
  });
}

/** The first value of a query parameter; undefined if it is missing. */
export function queryText(request: FastifyRequest, name: string): string | undefined {
  return queryTexts(request, name)?.[0];
}

/** All values of a query parameter; undefined if it is missing. */
export function queryTexts(request: FastifyRequest, name: string): readonly string[] | undefined {
  const value = (request.query as Record<string, string | string[] | undefined>)[name];
  return value === undefined || Array.isArray(value) ? value : [value];
}

/** A boolean parameter in Java's format: only `true`, in any case, is true. An empty value counts as absent. */
export const queryFlag = (request: FastifyRequest, name: string, absent = false): boolean => {
  const text = queryText(request, name);
  return text === undefined || text === '' ? absent : text.toLowerCase() === 'true';
};

/** Absolute URL of a connector, with the host that the client used. */
export function locationOf(request: FastifyRequest, connector: string): string {
  const path = `/connectors/${encodeURIComponent(connector).replace(/%(3A|40|26|3D|2B|24|2C|3B)/g, decodeURIComponent)}`;
  return request.host === '' ? path : `${request.protocol}://${request.host}${path}`;
}

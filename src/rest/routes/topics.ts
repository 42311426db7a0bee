import type { FastifyInstance } from 'fastify';
import type { Control } from '../../temporal/control.ts';
import type { RestDeps } from '../deps.ts';
import { HttpError, isNotFound } from '../errors.ts';
import { nameOf } from '../names.ts';
import { resource } from '../resource.ts';

/**
 * /connectors/{connector}/topics and its reset (KIP-558), each 403 where it is turned off. A connector that is not there
 * has used none, as in Connect.
 */
export function topicResources(
  app: FastifyInstance,
  control: Control,
  { enabled, reset }: NonNullable<RestDeps['topicTracking']> = { enabled: true, reset: true },
): void {
  const must = (on: boolean, what: string) => {
    if (!on) throw new HttpError(403, `${what} is disabled.`);
  };
  const none = (error: unknown) => {
    if (!isNotFound(error)) throw error;
    return [];
  };

  resource(app, '/connectors/:connector/topics', {
    async GET(request) {
      must(enabled, 'Topic tracking');
      const name = nameOf(request);
      return { [name]: { topics: await control.topics(name).catch(none) } };
    },
  });

  resource(app, '/connectors/:connector/topics/reset', {
    async PUT(request, reply) {
      must(enabled, 'Topic tracking');
      must(reset, 'Topic tracking reset');
      await control.resetTopics(nameOf(request)).catch(none);
      return reply.code(202).send();
    },
  });
}

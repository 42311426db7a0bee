import type { FastifyInstance } from 'fastify';
import type { Control } from '../../temporal/control/control.ts';
import type { RestDeps } from '../deps.ts';
import { HttpError, isNotFound } from '../errors.ts';
import { nameOf } from '../names.ts';
import { resource } from '../resource.ts';

/**
 * /connectors/{connector}/topics and its reset (KIP-558); 403 if disabled. An unknown connector has no topics, like in Kafka
 * Connect.
 */
export function topicResources(
  app: FastifyInstance,
  control: Control,
  { enabled, reset }: NonNullable<RestDeps['topicTracking']> = { enabled: true, reset: true },
): void {
  const requireEnabled = (isEnabled: boolean, feature: string) => {
    if (!isEnabled) throw new HttpError(403, `${feature} is disabled.`);
  };
  const noneIfNotFound = (error: unknown) => {
    if (!isNotFound(error)) throw error;
    return [];
  };

  resource(app, '/connectors/:connector/topics', {
    async GET(request) {
      requireEnabled(enabled, 'Topic tracking');
      const name = nameOf(request);
      return { [name]: { topics: await control.topics(name).catch(noneIfNotFound) } };
    },
  });

  resource(app, '/connectors/:connector/topics/reset', {
    async PUT(request, reply) {
      requireEnabled(enabled, 'Topic tracking');
      requireEnabled(reset, 'Topic tracking reset');
      await control.resetTopics(nameOf(request)).catch(noneIfNotFound);
      return reply.code(202).send();
    },
  });
}

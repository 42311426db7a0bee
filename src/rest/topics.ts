import type { FastifyInstance } from 'fastify';
import type { Control } from '../temporal/control.ts';
import { isNotFound } from './errors.ts';
import { nameOf } from './names.ts';
import { resource } from './resource.ts';

/** /connectors/{connector}/topics and its reset (KIP-558). A connector that is not there has used none, as in Connect. */
export function topicResources(app: FastifyInstance, control: Control): void {
  const none = (error: unknown) => {
    if (!isNotFound(error)) throw error;
    return [];
  };

  resource(app, '/connectors/:connector/topics', {
    async GET(request) {
      const name = nameOf(request);
      return { [name]: { topics: await control.topics(name).catch(none) } };
    },
  });

  resource(app, '/connectors/:connector/topics/reset', {
    async PUT(request, reply) {
      await control.resetTopics(nameOf(request)).catch(none);
      return reply.code(202).send();
    },
  });
}

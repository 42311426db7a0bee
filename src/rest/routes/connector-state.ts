import type { FastifyInstance } from 'fastify';
import type { Control } from '../../temporal/control/control.ts';
import { withNotFoundMessage } from '../errors.ts';
import { existingName, missing } from '../names.ts';
import { queryFlag, resource } from '../resource.ts';

/** /connectors/{connector}/status, pause, resume, stop and restart */
export function stateResources(app: FastifyInstance, control: Control): void {
  resource(app, '/connectors/:connector/status', {
    async GET(request) {
      const name = existingName(request, missing.status);
      return control.status(name).catch(withNotFoundMessage(missing.status(name)));
    },
  });

  for (const [verb, code] of [
    ['pause', 202],
    ['resume', 202],
    ['stop', 204],
  ] as const)
    resource(app, `/connectors/:connector/${verb}`, {
      async PUT(request, reply) {
        const name = existingName(request, missing.target);
        await control[verb](name).catch(withNotFoundMessage(missing.target(name)));
        return reply.code(code).send();
      },
    });

  resource(app, '/connectors/:connector/restart', {
    async POST(request, reply) {
      const name = existingName(request, missing.restart);
      const includeTasks = queryFlag(request, 'includeTasks');
      const onlyFailed = queryFlag(request, 'onlyFailed');
      const status = await control
        .restart(name, { includeTasks, onlyFailed })
        .catch(withNotFoundMessage(missing.restart(name)));
      // Without parameters the response is that from before KIP-745, like Kafka Connect's.
      return includeTasks || onlyFailed ? reply.code(202).send(status) : reply.code(204).send();
    },
  });
}

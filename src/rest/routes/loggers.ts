import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MillraceError } from '../../errors.ts';
import { type Loggers, levelOf } from '../../observability/loggers.ts';
import { bodyOf, levelBody } from '../body.ts';
import type { RestDeps } from '../deps.ts';
import { badRequest } from '../errors.ts';
import { queryText, resource } from '../resource.ts';

/** /admin/loggers: the levels of this worker; with `scope=cluster` (KIP-976) they are set in all workers. */
export function loggerResources(
  app: FastifyInstance,
  loggers: Loggers,
  setClusterLevel: RestDeps['setClusterLevel'],
): void {
  resource(app, '/admin/loggers', {
    async GET() {
      return loggers.all();
    },
  });

  resource(app, '/admin/loggers/:logger', {
    async GET(request) {
      const name = loggerOf(request);
      const level = loggers.get(name);
      if (level === undefined) throw new MillraceError('NOT_FOUND', `Logger ${name} not found.`);
      return level;
    },
    async PUT(request, reply) {
      const { level: text } = bodyOf(request, levelBody);
      if (text === undefined || text === null)
        throw badRequest("Desired 'level' parameter was not specified in request.");
      const level = levelOf(text);
      // 404 is Kafka Connect's status for it.
      if (level === undefined) throw new MillraceError('NOT_FOUND', `invalid log level '${text}'.`);
      const logger = loggerOf(request);
      const refusal = loggers.rejectionReason(logger);
      if (refusal !== undefined) throw badRequest(refusal);
      // Any other scope means the worker, like in Kafka Connect.
      if (queryText(request, 'scope')?.toLowerCase() !== 'cluster') return loggers.set(logger, level);
      if (setClusterLevel === undefined)
        throw badRequest('This server has no connection to other workers: omit scope.');
      await setClusterLevel(logger, level);
      return reply.code(204).send();
    },
  });
}

const loggerOf = (request: FastifyRequest): string => (request.params as { logger: string }).logger;

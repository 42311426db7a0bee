import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MillraceError } from '../errors.ts';
import { type Loggers, levelOf } from '../observability/loggers.ts';
import { bodyOf, levelBody } from './body.ts';
import { badRequest } from './errors.ts';
import { queryText, resource } from './resource.ts';

/** /admin/loggers and below: the levels of this process alone. */
export function loggerResources(app: FastifyInstance, loggers: Loggers): void {
  resource(app, '/admin/loggers', {
    async GET() {
      return loggers.all();
    },
  });

  resource(app, '/admin/loggers/:logger', {
    async GET(request) {
      const name = loggerOf(request);
      const found = loggers.get(name);
      if (found === undefined) throw new MillraceError('NOT_FOUND', `Logger ${name} not found.`);
      return found;
    },
    async PUT(request) {
      if (queryText(request, 'scope')?.toLowerCase() === 'cluster')
        throw badRequest('A level is set on each worker by itself: leave scope=cluster away and ask every worker.');
      const { level: text } = bodyOf(request, levelBody);
      if (text === undefined || text === null)
        throw badRequest("Desired 'level' parameter was not specified in request.");
      const level = levelOf(text);
      // Connect's status for it.
      if (level === undefined) throw new MillraceError('NOT_FOUND', `invalid log level '${text}'.`);
      return loggers.set(loggerOf(request), level);
    },
  });
}

const loggerOf = (request: FastifyRequest): string => (request.params as { logger: string }).logger;

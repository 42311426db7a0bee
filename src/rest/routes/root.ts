import type { FastifyInstance } from 'fastify';
import { MillraceError, messageOf } from '../../errors.ts';
import { withTimeout } from '../deadline.ts';
import type { Limits, RestDeps } from '../deps.ts';
import { errorBody } from '../errors.ts';
import { resource } from '../resource.ts';
import { clusterIdWithTimeout } from './kafka.ts';

/** / and /health */
export function rootResources(app: FastifyInstance, deps: RestDeps, limits: Limits): void {
  const clusterId = clusterIdWithTimeout(deps, limits);
  resource(app, '/', {
    async GET() {
      const kafka_cluster_id = await clusterId();
      return { version: deps.version, commit: deps.commit ?? 'unknown', kafka_cluster_id };
    },
  });

  /** 200: healthy. 503: starting, or Temporal does not answer. 500: any other error. */
  resource(app, '/health', {
    async GET(request, reply) {
      if (deps.started?.() === false)
        return reply.code(503).send({ status: 'starting', message: 'Worker is still starting up.' });
      try {
        await withTimeout(
          limits.probeMs,
          deps.control.list(),
          () =>
            new MillraceError(
              'TEMPORAL_UNAVAILABLE',
              'Temporal does not answer. Waiting tasks continue by themselves when it is back.',
            ),
        );
      } catch (error) {
        const { error_code, message } = errorBody(error, request.id);
        deps.log.warn({ error: messageOf(error) }, 'not healthy');
        return error_code === 503
          ? reply.code(503).send({ status: 'unhealthy', message })
          : reply.code(500).send({
              status: 'unhealthy',
              message: 'Worker was unable to handle this request and may be unable to handle other requests.',
            });
      }
      return { status: 'healthy', message: 'Worker has completed startup and is ready to handle requests.' };
    },
  });
}

import type { FastifyInstance } from 'fastify';
import type { MetricsText } from '../deps.ts';
import { resource } from '../resource.ts';

/** /metrics, in Prometheus' text format. An addition to Kafka Connect's API, which has JMX instead. */
export function metricsResource(app: FastifyInstance, metrics: () => Promise<MetricsText>): void {
  resource(app, '/metrics', {
    async GET(_request, reply) {
      const { contentType, body } = await metrics();
      return reply.type(contentType).send(body);
    },
  });
}

import { MillraceError } from '../../errors.ts';
import { withTimeout } from '../deadline.ts';
import type { Limits, RestDeps } from '../deps.ts';

/** Reads Kafka's cluster id. KAFKA_UNAVAILABLE after `probeMs`; the client itself retries for longer. */
export const clusterIdWithTimeout =
  (deps: Pick<RestDeps, 'clusterId'>, { probeMs }: Limits) =>
  (): Promise<string> =>
    withTimeout(
      probeMs,
      deps.clusterId(),
      () =>
        new MillraceError(
          'KAFKA_UNAVAILABLE',
          `Kafka does not answer within ${probeMs / 1000} s. Check that it runs and that bootstrap.servers is correct. Running tasks continue when it is back.`,
        ),
    );

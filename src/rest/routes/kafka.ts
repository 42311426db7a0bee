import { MillraceError } from '../../errors.ts';
import { withTimeout } from '../deadline.ts';
import type { Limits, RestDeps } from '../deps.ts';

/** Kafka's cluster id, or KAFKA_UNAVAILABLE in good time: its client itself goes on trying for longer. */
export const clusterIdWithTimeout =
  (deps: Pick<RestDeps, 'clusterId'>, { probeMs }: Limits) =>
  (): Promise<string> =>
    withTimeout(
      probeMs,
      deps.clusterId(),
      () =>
        new MillraceError(
          'KAFKA_UNAVAILABLE',
          `Kafka does not answer within ${probeMs / 1000} s: is it up, and are bootstrap.servers right? What runs goes on when it is back.`,
        ),
    );

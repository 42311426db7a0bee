import { inject } from 'vitest';
import { type PostgresServer, type Servers, serversInEnvironment } from '../setup/addresses.ts';

export type { PostgresServer, Servers };

/** The test servers. A test that kills or restarts a server starts its own (src/stack). */
export function servers(): Servers {
  const { kafka, postgres, temporal } = { ...inject('stack'), ...serversInEnvironment() };
  if (kafka === undefined || postgres === undefined || temporal === undefined) {
    throw new Error(
      'no servers: run the tests through vitest.config.ts, or set MILLRACE_TEST_KAFKA, _POSTGRES and _TEMPORAL',
    );
  }
  return { kafka, postgres, temporal };
}

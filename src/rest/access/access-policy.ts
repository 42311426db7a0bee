import type { FastifyInstance } from 'fastify';
import { checkHost } from './allowed-hosts.ts';
import { requireUser, type Users, usersOf } from './basic-auth.ts';
import { allowCrossOrigin, type CrossOrigin, crossOriginOf, refuseCrossSite } from './cross-origin.ts';
import { addResponseHeaders, type HeaderRule, headerRulesOf } from './response-headers.ts';

/** How the API shows itself to the outside: who may use it, from where, and with what headers. */
export interface Surface {
  readonly crossOrigin?: CrossOrigin;
  readonly headers: readonly HeaderRule[];
  /** Names of hosts that requests may be addressed to. Absent: any. */
  readonly hosts?: readonly string[];
  /** Absent: everyone may. */
  readonly users?: Users;
}

/** From Kafka Connect's worker properties. CONFIG_INVALID. */
export function surfaceOf(
  props: Readonly<Record<string, string | undefined>>,
  environment: NodeJS.ProcessEnv = process.env,
): Surface {
  const crossOrigin = crossOriginOf(props);
  const users = usersOf(props, environment);
  return {
    headers: headerRulesOf(props['response.http.headers.config']),
    ...(crossOrigin && { crossOrigin }),
    ...(users && { users }),
  };
}

/** Headers first: they stand on refusals, too. */
export function applySurface(
  app: FastifyInstance,
  { crossOrigin, headers = [], hosts, users }: Partial<Surface>,
): void {
  if (crossOrigin !== undefined) allowCrossOrigin(app, crossOrigin);
  if (headers.length > 0) addResponseHeaders(app, headers);
  if (hosts !== undefined) checkHost(app, hosts);
  refuseCrossSite(app, crossOrigin);
  if (users !== undefined) requireUser(app, users);
}

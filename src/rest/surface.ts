import type { FastifyInstance } from 'fastify';
import { requireUser, type Users, usersOf } from './basic-auth.ts';
import { allowCrossOrigin, type CrossOrigin, crossOriginOf } from './cross-origin.ts';
import { addResponseHeaders, type HeaderRule, headerRulesOf } from './response-headers.ts';

/** How the API shows itself to the outside: who may use it, from where, and with what headers. */
export interface Surface {
  readonly crossOrigin?: CrossOrigin;
  readonly headers: readonly HeaderRule[];
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
export function applySurface(app: FastifyInstance, { crossOrigin, headers = [], users }: Partial<Surface>): void {
  if (crossOrigin !== undefined) allowCrossOrigin(app, crossOrigin);
  if (headers.length > 0) addResponseHeaders(app, headers);
  if (users !== undefined) requireUser(app, users);
}

import type { FastifyInstance } from 'fastify';
import { checkHost } from './allowed-hosts.ts';
import { readUsers, requireUser, type Users } from './basic-auth.ts';
import { allowCrossOrigin, type CrossOrigin, readCrossOrigin, refuseCrossSite } from './cross-origin.ts';
import { addResponseHeaders, type HeaderRule, parseHeaderRules } from './response-headers.ts';

/** Access to the API: users, host names, other origins, and response headers. */
export interface AccessPolicy {
  readonly crossOrigin?: CrossOrigin;
  readonly headers: readonly HeaderRule[];
  /** Host names that requests may be addressed to. Absent: any. */
  readonly hosts?: readonly string[];
  /** Absent: no authentication. */
  readonly users?: Users;
}

/** Reads the policy from Kafka Connect's worker properties. CONFIG_INVALID. */
export function readAccessPolicy(
  props: Readonly<Record<string, string | undefined>>,
  environment: NodeJS.ProcessEnv = process.env,
): AccessPolicy {
  const crossOrigin = readCrossOrigin(props);
  const users = readUsers(props, environment);
  return {
    headers: parseHeaderRules(props['response.http.headers.config']),
    ...(crossOrigin && { crossOrigin }),
    ...(users && { users }),
  };
}

/** Headers first, so that responses to rejected requests have them too. */
export function applyAccessPolicy(
  app: FastifyInstance,
  { crossOrigin, headers = [], hosts, users }: Partial<AccessPolicy>,
): void {
  if (crossOrigin !== undefined) allowCrossOrigin(app, crossOrigin);
  if (headers.length > 0) addResponseHeaders(app, headers);
  if (hosts !== undefined) checkHost(app, hosts);
  refuseCrossSite(app, crossOrigin);
  if (users !== undefined) requireUser(app, users);
}

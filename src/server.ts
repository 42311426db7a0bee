import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from './package-folder.ts';
import type { AccessPolicy } from './rest/access/access-policy.ts';
import type { RestDeps } from './rest/deps.ts';
import { type Listener, type Serving, serve } from './rest/listeners.ts';
import { createRestServer } from './rest/server.ts';

/** Serves the REST API on every listener. */
export function startServer(
  listeners: readonly Listener[],
  policy: AccessPolicy,
  deps: Omit<RestDeps, 'version'>,
): Promise<Serving> {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string };
  return serve(listeners, listener => createRestServer({ ...deps, version }, { ...policy, ...listener }));
}

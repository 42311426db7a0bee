import type { ConfigProps } from '../../api/component.ts';
import { shortName } from '../connector-config/class-names.ts';
import { type ClientRole, clientRoles } from './index.ts';

/** Suffix of the class names of the client override policies (KIP-458). */
const SUFFIX = 'ConnectorClientConfigOverridePolicy';
const policies = ['All', 'None', 'Principal', 'Allowlist'] as const;
type Policy = (typeof policies)[number];

/** Settings of the identity of a client. */
const principalSettings: ReadonlySet<string> = new Set(['sasl.jaas.config', 'sasl.mechanism', 'security.protocol']);

/** Parses a policy's name or class name; undefined for an unknown policy. */
export function overridePolicy(name: string): Policy | undefined {
  const short = shortName(name.trim());
  return policies.find(policy => policy === short || policy + SUFFIX === short);
}

/** Connect's errors, by key, for client settings of a connector that the worker's policy does not allow. */
export function disallowedOverrides(
  kind: 'source' | 'sink',
  props: ConfigProps,
  worker: ConfigProps,
): ReadonlyMap<string, string> {
  const policy = overridePolicy(worker['connector.client.config.override.policy'] ?? 'All') ?? 'None';
  if (policy === 'All') return new Map();
  const allowed = policy === 'Principal' ? principalSettings : new Set(policy === 'Allowlist' ? allowlist(worker) : []);
  const disallowed = clientsOf(kind, props).flatMap(client => {
    const prefix = `${client}.override.`;
    return Object.keys(props)
      .filter(key => key.startsWith(prefix) && !allowed.has(key.slice(prefix.length)))
      .map(key => [key, policyMessage(policy, key.slice(prefix.length))] as const);
  });
  return new Map(disallowed);
}

const policyMessage = (policy: Policy, key: string): string =>
  `The '${policy}' policy does not allow '${key}' to be overridden in the connector configuration.`;

const allowlist = (worker: ConfigProps): string[] =>
  (worker['connector.client.config.override.allowlist'] ?? '').split(',').map(key => key.trim());

/** The clients that a connector uses; settings of other clients have no effect. */
function clientsOf(kind: 'source' | 'sink', props: ConfigProps): readonly ClientRole[] {
  const deadLetterTopic = props['errors.deadletterqueue.topic.name'] ?? '';
  return kind === 'source' || deadLetterTopic !== '' ? clientRoles : ['consumer'];
}

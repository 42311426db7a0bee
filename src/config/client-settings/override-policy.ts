import type { ConfigProps } from '../../api/component.ts';
import { shortName } from '../connector-config/class-names.ts';
import { type ClientRole, clientRoles } from './index.ts';

/** Which client settings connectors may have of their own, by KIP-458's policies. */
const SUFFIX = 'ConnectorClientConfigOverridePolicy';
const policies = ['All', 'None', 'Principal', 'Allowlist'] as const;
type Policy = (typeof policies)[number];

/** A connector that comes as somebody else. */
const principal: ReadonlySet<string> = new Set(['sasl.jaas.config', 'sasl.mechanism', 'security.protocol']);

/** By its name or its class, as worker properties have it; undefined for one that is not known. */
export function overridePolicy(name: string): Policy | undefined {
  const short = shortName(name.trim());
  return policies.find(policy => policy === short || policy + SUFFIX === short);
}

/** Messages in Connect's words, by key, for the client settings of a connector that the worker's policy does not allow. */
export function refusedOverrides(
  kind: 'source' | 'sink',
  props: ConfigProps,
  worker: ConfigProps,
): ReadonlyMap<string, string> {
  const policy = overridePolicy(worker['connector.client.config.override.policy'] ?? 'All') ?? 'None';
  if (policy === 'All') return new Map();
  const allowed = policy === 'Principal' ? principal : new Set(policy === 'Allowlist' ? allowlist(worker) : []);
  const refused = clientsOf(kind, props).flatMap(client => {
    const prefix = `${client}.override.`;
    return Object.keys(props)
      .filter(key => key.startsWith(prefix) && !allowed.has(key.slice(prefix.length)))
      .map(key => [key, sentence(policy, key.slice(prefix.length))] as const);
  });
  return new Map(refused);
}

const sentence = (policy: Policy, key: string): string =>
  `The '${policy}' policy does not allow '${key}' to be overridden in the connector configuration.`;

const allowlist = (worker: ConfigProps): string[] =>
  (worker['connector.client.config.override.allowlist'] ?? '').split(',').map(key => key.trim());

/** The clients that a connector uses: the settings of others have no effect. */
function clientsOf(kind: 'source' | 'sink', props: ConfigProps): readonly ClientRole[] {
  const letters = props['errors.deadletterqueue.topic.name'] ?? '';
  return kind === 'source' || letters !== '' ? clientRoles : ['consumer'];
}

import { type ComponentDeps, connectorOf, resolved } from '../activities/components.ts';
import { connectors } from '../connectors/index.ts';
import type { ConfigKeyInfo } from './api/index.ts';
import { MillraceError, messageOf } from './errors.ts';
import type { SecretStore } from './kafka/secret-store.ts';
import type { Plugins } from './rest/deps.ts';
import { configInvalid } from './rest/errors.ts';
import type { ControlDeps } from './temporal/control-client.ts';

/** Keys that hold secrets whatever the component that reads them calls them. */
const secretName = /password|secret|credential|token|jaas|api[._-]?key|private[._-]?key|passphrase/i;
/** Addresses with a password inside. */
const secretAddress = /[?&;](password|pwd)=[^&;]|:\/\/[^/@\s:]+:[^/@\s]+@/i;

/**
 * The keys of a configuration whose values nobody else may see: what the component calls a password, what is named like
 * one, and addresses that carry one. Values that are placeholders already give nothing away.
 */
export function secretKeys(config: Readonly<Record<string, string>>, keys: readonly ConfigKeyInfo[]): string[] {
  const passwords = new Set(keys.filter(key => key.type === 'PASSWORD').map(key => key.name));
  return Object.entries(config)
    .filter(
      ([key, value]) =>
        value !== '' &&
        !/^\$\{[^}]+\}$/.test(value) &&
        (passwords.has(key) || secretName.test(key) || secretAddress.test(value)),
    )
    .map(([key]) => key);
}

/** Checks and hides: what the REST server needs before a configuration may go into a workflow. */
export function preparation(
  deps: ComponentDeps,
  secrets: SecretStore,
): Pick<ControlDeps, 'prepare'> & { plugins: Plugins } {
  return {
    async prepare(name, config) {
      const named = { ...config, name };
      const { connector, entry } = await connectorOf(named).catch((error: unknown) => {
        throw new MillraceError('CONFIG_INVALID', messageOf(error), { cause: error });
      });
      const { props } = await resolved(deps, named);
      const { errors } = connector.config.check(props);
      if (errors.size > 0) throw configInvalid([...errors.values()].flat());
      return { type: entry.kind, config: await secrets.seal(named, secretKeys(named, connector.config.keys)) };
    },
    plugins: {
      list: () => connectors.map(({ className, kind }) => ({ class: className, type: kind, version: '0.1.0' })),
      async keys() {
        return [];
      },
      async validate() {
        throw new MillraceError('NOT_FOUND', 'not yet');
      },
    },
  };
}

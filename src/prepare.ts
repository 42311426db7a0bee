import { type ComponentDeps, connectorOf, resolved } from '../activities/components.ts';
import type { ConfigKeyInfo, ConfigProps, Log } from './api/index.ts';
import { invalidConfigMessage, validateConnector } from './config/validate.ts';
import { MillraceError, messageOf } from './errors.ts';
import type { SecretStore } from './kafka/secret-store.ts';
import type { PluginRegistry } from './plugins.ts';
import type { Plugins } from './rest/deps.ts';
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

/** What the REST server needs of configurations: to check them, and to hide what nobody may see. */
export interface Preparation extends Pick<ControlDeps, 'prepare'> {
  readonly plugins: Plugins;
}

/** How long checks that ask other servers may take in all. */
const VALIDATE_MS = 10_000;

export function preparation(
  deps: ComponentDeps & { plugins: PluginRegistry },
  secrets: SecretStore,
  log: Log,
): Preparation {
  const { plugins } = deps;

  async function check(props: ConfigProps) {
    const given = Object.fromEntries(Object.entries(props).filter(isText));
    // Without Connect's copy of the whole configuration, passwords included.
    if ((given['connector.class'] ?? '').trim() === '')
      throw new MillraceError('BAD_REQUEST', 'Connector config contains no connector type: it needs connector.class.');
    const { entry, connector } = await connectorOf(deps, given).catch((error: unknown) => {
      throw new MillraceError('BAD_REQUEST', messageOf(error), { cause: error });
    });
    const { props: known, secrets: hidden } = await resolved(deps, given).catch((error: unknown) => {
      throw new MillraceError('BAD_REQUEST', messageOf(error), { cause: error });
    });
    const absent = Object.fromEntries(Object.entries(props).filter(([, value]) => value === null));
    const infos = await validateConnector(
      {
        kind: entry.kind,
        config: connector.config,
        ...(connector.validate === undefined
          ? {}
          : {
              validate: (config: unknown) =>
                connector.validate?.(config, { log, signal: AbortSignal.timeout(VALIDATE_MS) }) ?? Promise.resolve({}),
            }),
      },
      { ...given, ...only(known, given), ...absent },
      plugins,
      { workerDefaults: deps.workerProps, shown: props, secrets: hidden },
    );
    return { entry, connector, infos };
  }

  return {
    async prepare(name, config) {
      const named = { ...config, name };
      const { entry, connector, infos } = await check(named);
      const wrong = invalidConfigMessage(infos);
      if (wrong !== undefined) throw new MillraceError('CONFIG_INVALID', wrong);
      return { type: entry.kind, config: await secrets.seal(named, secretKeys(named, connector.config.keys)) };
    },
    plugins: {
      list: connectorsOnly => plugins.list(connectorsOnly),
      keys: name => plugins.keys(name),
      async validate(plugin, config) {
        const { infos } = await check({ ...config, 'connector.class': config['connector.class'] ?? plugin });
        return infos;
      },
    },
  };
}

const isText = (entry: [string, string | null | undefined]): entry is [string, string] => typeof entry[1] === 'string';

/** The values of the keys that `of` has. */
const only = (from: Readonly<Record<string, string>>, of: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(from).filter(([key]) => key in of));

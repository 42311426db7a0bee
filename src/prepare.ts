import type { CheckedConfig } from '../activities/operations.ts';
import type { ConfigProps } from './api/index.ts';
import { pluginKeys } from './config/plugin-keys.ts';
import { longestKeys, ROOM } from './config/room.ts';
import { invalidConfigMessage } from './config/validate.ts';
import { HostLostError } from './data-plane/host-lost.ts';
import { MillraceError } from './errors.ts';
import type { SecretStore } from './kafka/secret-store.ts';
import type { PluginRegistry } from './plugins.ts';
import type { Plugins } from './rest/deps.ts';
import type { ControlDeps } from './temporal/control-client.ts';

/** What the REST server needs of configurations: to check them, and to hide what nobody may see. */
export interface Preparation extends Pick<ControlDeps, 'prepare'> {
  readonly plugins: Plugins;
}

export interface PreparationDeps {
  readonly plugins: PluginRegistry;
  readonly secrets: SecretStore;
  /** Connectors' code runs there: `checkConfig` of the operations. */
  check(props: ConfigProps): Promise<CheckedConfig>;
}

/** Each that is lost takes the seconds after which a thread is ended. */
const CHECK_ATTEMPTS = 5;

export function preparation({ plugins, secrets, check }: PreparationDeps): Preparation {
  async function checked(props: ConfigProps): Promise<CheckedConfig> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await check(props);
      } catch (error) {
        if (!(error instanceof HostLostError)) throw error;
        if (error.isSuspect) throw unanswered(error);
        // The thread was ended because of another request: this check is repeated.
        if (attempt === CHECK_ATTEMPTS || error.suspicion.kind === 'starved') throw error;
      }
    }
  }
  return {
    async prepare(name, config, before) {
      const named = { ...config, name };
      const { type, infos, open } = await checked(named);
      const wrong = invalidConfigMessage(infos);
      if (wrong !== undefined) throw new MillraceError('CONFIG_INVALID', wrong);
      const without = Object.fromEntries(Object.entries(named).filter(([key]) => !open.includes(key)));
      const apart = [...open, ...longestKeys(without, ROOM.config)];
      return { type, config: await secrets.seal(name, named, apart, before) };
    },
    plugins: {
      list: connectorsOnly => plugins.list(connectorsOnly),
      keys: async name => pluginKeys(await plugins.keys(name), plugins.findConnector(name)?.kind, plugins.version),
      async validate(plugin, config) {
        return (await checked({ ...config, 'connector.class': config['connector.class'] ?? plugin })).infos;
      },
    },
  };
}

function unanswered({ message, suspicion: { stack } }: HostLostError): MillraceError {
  const where = stack[0] === undefined ? '' : ` It was in ${stack.slice(0, 3).join(', called by ')}.`;
  return new MillraceError(
    'BAD_REQUEST',
    `The configuration was not checked to its end: ${message}.${where} A setting of it, or a plugin, takes too long.`,
  );
}

import { type CheckDeps, checkConnector } from '../activities/check.ts';
import type { ConfigProps, Log } from './api/index.ts';
import { pluginKeys } from './config/plugin-keys.ts';
import { longestKeys, ROOM } from './config/room.ts';
import { invalidConfigMessage } from './config/validate.ts';
import { MillraceError } from './errors.ts';
import type { SecretStore } from './kafka/secret-store.ts';
import type { PluginRegistry } from './plugins.ts';
import type { Plugins } from './rest/deps.ts';
import type { ControlDeps } from './temporal/control-client.ts';

/** What the REST server needs of configurations: to check them, and to hide what nobody may see. */
export interface Preparation extends Pick<ControlDeps, 'prepare'> {
  readonly plugins: Plugins;
}

/** How long checks that ask other servers may take in all. */
const VALIDATE_MS = 10_000;

export function preparation(
  deps: CheckDeps & { plugins: PluginRegistry },
  secrets: SecretStore,
  log: Log,
): Preparation {
  const { plugins } = deps;
  const check = (props: ConfigProps) =>
    checkConnector(deps, props, { log, signal: () => AbortSignal.timeout(VALIDATE_MS) });

  return {
    async prepare(name, config, before) {
      const named = { ...config, name };
      const { entry, infos, open } = await check(named);
      const wrong = invalidConfigMessage(infos);
      if (wrong !== undefined) throw new MillraceError('CONFIG_INVALID', wrong);
      const without = Object.fromEntries(Object.entries(named).filter(([key]) => !open.includes(key)));
      const apart = [...open, ...longestKeys(without, ROOM.config)];
      return { type: entry.kind, config: await secrets.seal(name, named, apart, before) };
    },
    plugins: {
      list: connectorsOnly => plugins.list(connectorsOnly),
      keys: async name => pluginKeys(await plugins.keys(name), plugins.findConnector(name)?.kind, plugins.version),
      async validate(plugin, config) {
        const { infos } = await check({ ...config, 'connector.class': config['connector.class'] ?? plugin });
        return infos;
      },
    },
  };
}

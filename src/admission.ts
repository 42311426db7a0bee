import { setTimeout as delay } from 'node:timers/promises';
import type { ConfigProps, Log } from './api/index.ts';
import { pluginKeys } from './config/connector-config/plugin-keys.ts';
import { versionProblem } from './config/connector-config/plugin-version.ts';
import { invalidConfigMessage } from './config/connector-config/validate.ts';
import { bytesOf, longestKeys, ROOM } from './config/payload-limits.ts';
import type { CheckedConfig } from './connector/operations.ts';
import { HostLostError } from './data-plane/host-lost.ts';
import { MillraceError, messageOf } from './errors.ts';
import type { SecretStore } from './kafka/storage/secret-store.ts';
import type { PluginRegistry } from './plugins.ts';
import type { Plugins } from './rest/deps.ts';
import type { ControlDeps } from './temporal/control-client.ts';

/** What the REST server needs of configurations: to check them, and to hide what nobody may see. */
export interface Preparation extends Pick<ControlDeps, 'prepare' | 'reveal'> {
  readonly plugins: Plugins;
}

export interface PreparationDeps {
  readonly plugins: PluginRegistry;
  readonly secrets: SecretStore;
  /** Show secrets in answers, too. */
  readonly showSecrets: boolean;
  readonly log: Log;
  /** Connectors' code runs there: `checkConfig` of the operations. */
  check(props: ConfigProps): Promise<CheckedConfig>;
}

/** How long an answer waits for Kafka; then placeholders stay in the configuration. */
const REVEAL_MS = 3000;
/** Keys that a connector's workflow reads itself. */
const readByWorkflows = /^(name|connector\.class|millrace\..*)$/;

/** Each that is lost takes the seconds after which a thread is ended. */
const CHECK_ATTEMPTS = 5;

export function preparation({ plugins, secrets, showSecrets, log, check }: PreparationDeps): Preparation {
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
      const { type, infos, plainSecretKeys: open } = await checked(named);
      const wrong = invalidConfigMessage(infos);
      if (wrong !== undefined) throw new MillraceError('CONFIG_INVALID', wrong);
      const rest = Object.fromEntries(Object.entries(named).filter(([key]) => !open.includes(key)));
      const long = longestKeys(rest, ROOM.config);
      const short = Object.fromEntries(Object.entries(rest).filter(([key]) => !long.includes(key)));
      const many = bytesOf(short) <= ROOM.config ? [] : Object.keys(short).filter(key => !readByWorkflows.test(key));
      return { type, config: await secrets.seal(name, named, { secrets: open, long, many }, before) };
    },
    async reveal(connector, config) {
      const answered = new AbortController();
      const late = delay(REVEAL_MS, config, { signal: answered.signal });
      try {
        return await Promise.race([secrets.reveal(connector, config, showSecrets), late]);
      } catch (error) {
        log.warn({ connector, reason: messageOf(error) }, 'placeholders stay in the configuration that is shown');
        return config;
      } finally {
        answered.abort();
      }
    },
    plugins: {
      list: connectorsOnly => plugins.list(connectorsOnly),
      taskClass: name => plugins.findConnector(name)?.taskClass,
      async keys(name, version = 'latest') {
        const keys = await plugins.keys(name);
        const problem = versionProblem(name, version, await plugins.versionOf(name));
        if (problem !== undefined) throw new MillraceError('BAD_REQUEST', problem);
        return pluginKeys(keys, plugins.findConnector(name)?.kind, plugins.version);
      },
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

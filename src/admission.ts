import { setTimeout as delay } from 'node:timers/promises';
import type { ConfigProps, Log } from './api/index.ts';
import { pluginKeys } from './config/connector-config/plugin-keys.ts';
import { versionProblem } from './config/connector-config/plugin-version.ts';
import { invalidConfigMessage } from './config/connector-config/validate.ts';
import { jsonBytes, longestKeys, PAYLOAD_LIMITS } from './config/payload-limits.ts';
import type { CheckedConfig } from './connector/operations.ts';
import { HostLostError } from './data-plane/host-lost.ts';
import { MillraceError, messageOf } from './errors.ts';
import type { SecretStore } from './kafka/storage/secret-store.ts';
import type { PluginRegistry } from './plugins.ts';
import type { Plugins } from './rest/deps.ts';
import type { ControlDeps } from './temporal/control/control-client.ts';

/** Checks of configurations, and storage of their secrets, for the REST server. */
export interface Admission extends Pick<ControlDeps, 'admit' | 'reveal'> {
  readonly plugins: Plugins;
}

export interface AdmissionDeps {
  readonly plugins: PluginRegistry;
  readonly secrets: SecretStore;
  /** Also shows secrets in answers. */
  readonly showSecrets: boolean;
  readonly log: Log;
  /** Operation `checkConfig`: connectors' code runs in the data plane. */
  check(props: ConfigProps): Promise<CheckedConfig>;
}

/** Milliseconds that an answer waits for Kafka. After that the configuration is shown with placeholders. */
const REVEAL_MS = 3000;
/** Keys that a connector's workflow itself reads. */
const workflowKeys = /^(name|connector\.class|millrace\..*)$/;

/** Each attempt whose thread is ended takes `task.unresponsive.timeout.ms`. */
const CHECK_ATTEMPTS = 5;

export function createAdmission({ plugins, secrets, showSecrets, log, check }: AdmissionDeps): Admission {
  async function checkUntilAnswered(props: ConfigProps): Promise<CheckedConfig> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await check(props);
      } catch (error) {
        if (!(error instanceof HostLostError)) throw error;
        if (error.isSuspect) throw unfinishedCheckError(error);
        // The thread was ended because of another request: repeat the check.
        if (attempt === CHECK_ATTEMPTS || error.suspicion.kind === 'starved') throw error;
      }
    }
  }
  return {
    async admit(name, config, before) {
      const submitted = { ...config, name };
      const { type, infos, plainSecretKeys } = await checkUntilAnswered(submitted);
      const invalid = invalidConfigMessage(infos);
      if (invalid !== undefined) throw new MillraceError('CONFIG_INVALID', invalid);
      const rest = Object.fromEntries(Object.entries(submitted).filter(([key]) => !plainSecretKeys.includes(key)));
      const long = longestKeys(rest, PAYLOAD_LIMITS.config);
      const short = Object.fromEntries(Object.entries(rest).filter(([key]) => !long.includes(key)));
      const many =
        jsonBytes(short) <= PAYLOAD_LIMITS.config ? [] : Object.keys(short).filter(key => !workflowKeys.test(key));
      return { type, config: await secrets.seal(name, submitted, { secrets: plainSecretKeys, long, many }, before) };
    },
    async reveal(connector, config) {
      const done = new AbortController();
      const timeout = delay(REVEAL_MS, config, { signal: done.signal });
      try {
        return await Promise.race([secrets.reveal(connector, config, showSecrets), timeout]);
      } catch (error) {
        log.warn(
          { connector, reason: messageOf(error) },
          'secrets could not be read; the configuration is shown with placeholders',
        );
        return config;
      } finally {
        done.abort();
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
        return (await checkUntilAnswered({ ...config, 'connector.class': config['connector.class'] ?? plugin })).infos;
      },
    },
  };
}

function unfinishedCheckError({ message, suspicion: { stack } }: HostLostError): MillraceError {
  const where = stack[0] === undefined ? '' : ` It was in ${stack.slice(0, 3).join(', called by ')}.`;
  return new MillraceError(
    'BAD_REQUEST',
    `The check of the configuration did not finish: ${message}.${where} One of its settings or a plugin takes too long.`,
  );
}

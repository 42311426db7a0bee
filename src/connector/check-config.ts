import type { ConnectorEntry } from '../../connectors/index.ts';
import type { ConnectorConfig, PlanArgs } from '../../workflows/shared/messages.ts';
import type { ConfigProps, Log, SinkConnector, SourceConnector } from '../api/index.ts';
import { type ClientProps, type ClientSettings, clientRoles } from '../config/client-settings/index.ts';
import type { ComponentLookup } from '../config/connector-config/component-lookup.ts';
import type { ConfigInfos } from '../config/connector-config/config-infos.ts';
import { invalidConfigMessage, validateConnector } from '../config/connector-config/validate.ts';
import { jsonBytes, OFFLOADED_SHORT_VALUES, PAYLOAD_LIMITS } from '../config/payload-limits.ts';
import { plainSecretsMessage, secretKeys } from '../config/secrets/secret-keys.ts';
import { kindOf, MillraceError, messageOf } from '../errors.ts';
import { type ComponentDeps, loadConnector, resolveConfig } from './components.ts';

export interface CheckDeps extends ComponentDeps {
  readonly plugins: ComponentDeps['plugins'] & ComponentLookup;
  /** Throws for invalid connection settings of a Kafka client; the message begins with the name of the wrong setting. */
  checkConnection(settings: ClientProps): void;
}

export interface CheckedConnector {
  readonly entry: ConnectorEntry;
  readonly connector: SourceConnector<unknown> | SinkConnector<unknown>;
  /** Errors and values by key. */
  readonly infos: ConfigInfos;
  /** Values to redact. */
  readonly secrets: readonly string[];
  /** Keys of the submitted configuration that contain secrets in plain text. */
  readonly plainSecretKeys: readonly string[];
}

/**
 * Checks a connector's whole configuration. remote: set if the connector may check it against other servers. BAD_REQUEST
 * for an unknown connector class or a placeholder that cannot be resolved.
 */
export async function checkConnector(
  deps: CheckDeps,
  props: ConfigProps,
  remote?: { readonly log: Log; signal(): AbortSignal },
): Promise<CheckedConnector> {
  const { [OFFLOADED_SHORT_VALUES]: many, ...texts } = Object.fromEntries(Object.entries(props).filter(isText));
  const submitted =
    many === undefined
      ? texts
      : {
          ...(await deps.unseal(texts['name'] ?? '', { [OFFLOADED_SHORT_VALUES]: many }).catch(asBadRequest)).props,
          ...texts,
        };
  // Connect's message contains the whole configuration, passwords included; this one does not.
  if ((submitted['connector.class'] ?? '').trim() === '')
    throw new MillraceError('BAD_REQUEST', 'Connector config contains no connector type: it needs connector.class.');
  const { entry, connector } = await loadConnector(deps, submitted).catch(asBadRequest);
  const {
    props: resolvedProps,
    clients,
    secrets: resolvedSecrets,
  } = await resolveConfig(deps, submitted['name'] ?? '', submitted).catch(asBadRequest);
  const secrets = [
    ...resolvedSecrets,
    ...secretKeys(submitted, connector.config.keys).map(key => submitted[key] ?? ''),
  ];
  const nulls = Object.fromEntries(Object.entries(props).filter(([, value]) => value === null));
  const infos = await validateConnector(
    {
      kind: entry.kind,
      config: connector.config,
      ...(entry.origin === undefined ? {} : { version: entry.origin.version }),
      ...(connector.validate === undefined || remote === undefined
        ? {}
        : {
            validate: (config: unknown) =>
              connector.validate?.(config, { log: remote.log, signal: remote.signal() }) ?? Promise.resolve({}),
          }),
    },
    { ...submitted, ...pickKeys(resolvedProps, submitted), ...nulls },
    deps.plugins,
    {
      workerDefaults: deps.workerProps,
      clientErrors: connectionErrors(deps, clients, resolvedProps),
      original: props,
      secrets,
    },
  );
  // Includes keys of converters and transforms.
  const plainSecretKeys = secretKeys(
    submitted,
    infos.configs.map(({ definition }) => definition),
  );
  return { entry, connector, infos, secrets, plainSecretKeys };
}

/**
 * Checks the configuration of a connector that was started or configured through Temporal, as the REST API does.
 * CONFIG_INVALID, BAD_REQUEST. It connects to no other server, so that a server that is down does not make a configuration
 * invalid.
 */
export async function checkedConfig(deps: CheckDeps, { connector: name, config }: PlanArgs): Promise<ConnectorConfig> {
  const texts = textsOf(name, config);
  const bytes = jsonBytes(config);
  if (bytes > PAYLOAD_LIMITS.submitted) throw new MillraceError('CONFIG_INVALID', tooLarge(name, bytes));
  const { infos, plainSecretKeys } = await checkConnector(deps, texts);
  const invalid = invalidConfigMessage(infos);
  if (invalid !== undefined) throw new MillraceError('CONFIG_INVALID', invalid);
  if (plainSecretKeys.length > 0) throw new MillraceError('CONFIG_INVALID', plainSecretsMessage(name, plainSecretKeys));
  return texts;
}

const tooLarge = (name: string, bytes: number): string =>
  `The configuration of the connector ${name} has ${bytes} bytes of JSON; a workflow can have at most ` +
  `${PAYLOAD_LIMITS.submitted}. Move its longest values to a file of the workers and refer to them by placeholders such as ` +
  `\${file:/etc/millrace/tables.properties:orders}, or create the connector over the REST API, which offloads them.`;

/** Converts a configuration from JSON of any SDK: scalars become strings. */
function textsOf(name: string, config: Readonly<Record<string, unknown>>): ConnectorConfig {
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    if (!['string', 'number', 'boolean'].includes(typeof value))
      throw new MillraceError('CONFIG_INVALID', `The value of ${key} must be a string, a number or a boolean.`);
    texts[key] = String(value);
  }
  if ((texts['name'] ?? name) !== name)
    throw new MillraceError(
      'CONFIG_INVALID',
      `The configuration of the connector ${name} has the name ${texts['name']}.`,
    );
  return { ...texts, name };
}

/** Messages by key for clients with invalid combinations of settings, such as a login without its password. */
function connectionErrors(
  { checkConnection }: CheckDeps,
  clients: ClientSettings,
  props: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  for (const role of clientRoles) {
    const prefix = `${role}.override.`;
    if (!Object.keys(props).some(key => key.startsWith(prefix))) continue;
    try {
      checkConnection(clients[role]);
    } catch (error) {
      const message = messageOf(error);
      errors.set(prefix + (/^[a-z.]+/.exec(message)?.[0] ?? 'security.protocol'), prefix + message);
    }
  }
  return errors;
}

function asBadRequest(error: unknown): never {
  // Secrets that cannot be read at the moment do not make a configuration invalid.
  if (kindOf(error) === 'retriable') throw error;
  throw new MillraceError('BAD_REQUEST', messageOf(error), { cause: error });
}

const isText = (entry: [string, string | null | undefined]): entry is [string, string] => typeof entry[1] === 'string';

/** Returns the entries of `values` whose keys `config` has. */
const pickKeys = (values: ConnectorConfig, config: ConnectorConfig): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([key]) => key in config));

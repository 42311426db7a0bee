import type { ConnectorEntry } from '../../connectors/index.ts';
import type { ConnectorConfig, PlanArgs } from '../../workflows/shared/messages.ts';
import type { ConfigProps, Log, SinkConnector, SourceConnector } from '../api/index.ts';
import { type ClientProps, type ClientSettings, clientRoles } from '../config/client-settings/index.ts';
import type { ComponentLookup } from '../config/connector-config/component-lookup.ts';
import type { ConfigInfos } from '../config/connector-config/findings.ts';
import { invalidConfigMessage, validateConnector } from '../config/connector-config/validate.ts';
import { bytesOf, MANY, ROOM } from '../config/payload-limits.ts';
import { plainSecrets, secretKeys } from '../config/secrets/secret-keys.ts';
import { kindOf, MillraceError, messageOf } from '../errors.ts';
import { type ComponentDeps, connectorOf, resolved } from './components.ts';

export interface CheckDeps extends ComponentDeps {
  readonly plugins: ComponentDeps['plugins'] & ComponentLookup;
  /** Throws where the settings of a Kafka client are no connection; the message begins with the setting that is wrong. */
  checkConnection(settings: ClientProps): void;
}

export interface Checked {
  readonly entry: ConnectorEntry;
  readonly connector: SourceConnector<unknown> | SinkConnector<unknown>;
  /** What is wrong, among other things. */
  readonly infos: ConfigInfos;
  /** Values that nobody else may see. */
  readonly secrets: readonly string[];
  /** Keys of the configuration as it was given that hold secrets in plain text. */
  readonly open: readonly string[];
}

/**
 * Checks a connector's whole configuration. ask: where other servers are to be asked as well. BAD_REQUEST where there is
 * no such connector or a placeholder stands for nothing.
 */
export async function checkConnector(
  deps: CheckDeps,
  props: ConfigProps,
  ask?: { readonly log: Log; signal(): AbortSignal },
): Promise<Checked> {
  const { [MANY]: many, ...texts } = Object.fromEntries(Object.entries(props).filter(isText));
  const given =
    many === undefined
      ? texts
      : { ...(await deps.unseal(texts['name'] ?? '', { [MANY]: many }).catch(asBadRequest)).props, ...texts };
  // Without Connect's copy of the whole configuration, passwords included.
  if ((given['connector.class'] ?? '').trim() === '')
    throw new MillraceError('BAD_REQUEST', 'Connector config contains no connector type: it needs connector.class.');
  const { entry, connector } = await connectorOf(deps, given).catch(asBadRequest);
  const {
    props: known,
    clients,
    secrets: found,
  } = await resolved(deps, given['name'] ?? '', given).catch(asBadRequest);
  const secrets = [...found, ...secretKeys(given, connector.config.keys).map(key => given[key] ?? '')];
  const absent = Object.fromEntries(Object.entries(props).filter(([, value]) => value === null));
  const infos = await validateConnector(
    {
      kind: entry.kind,
      config: connector.config,
      ...(entry.origin === undefined ? {} : { version: entry.origin.version }),
      ...(connector.validate === undefined || ask === undefined
        ? {}
        : {
            validate: (config: unknown) =>
              connector.validate?.(config, { log: ask.log, signal: ask.signal() }) ?? Promise.resolve({}),
          }),
    },
    { ...given, ...only(known, given), ...absent },
    deps.plugins,
    { workerDefaults: deps.workerProps, clientErrors: connectionErrors(deps, clients, known), shown: props, secrets },
  );
  // Those of converters and transforms, too.
  const open = secretKeys(
    given,
    infos.configs.map(({ definition }) => definition),
  );
  return { entry, connector, infos, secrets, open };
}

/**
 * A connector's configuration as its tasks take it. Whoever starts or configures one through Temporal has asked nobody
 * before: here it is told what the REST API would have told. CONFIG_INVALID, BAD_REQUEST; no other server is asked, so
 * that one that is down does not make a configuration wrong.
 */
export async function checkedConfig(deps: CheckDeps, { connector: name, config }: PlanArgs): Promise<ConnectorConfig> {
  const texts = textsOf(name, config);
  const bytes = bytesOf(config);
  if (bytes > ROOM.given) throw new MillraceError('CONFIG_INVALID', tooLarge(name, bytes));
  const { infos, open } = await checkConnector(deps, texts);
  const wrong = invalidConfigMessage(infos);
  if (wrong !== undefined) throw new MillraceError('CONFIG_INVALID', wrong);
  if (open.length > 0) throw new MillraceError('CONFIG_INVALID', plainSecrets(name, open));
  return texts;
}

const tooLarge = (name: string, bytes: number): string =>
  `The configuration of the connector ${name} has ${bytes} bytes of JSON, and ${ROOM.given} is the most that is kept in a ` +
  'workflow: put its longest values into a file of the workers and a placeholder in their place, such as ' +
  `\${file:/etc/millrace/tables.properties:orders}, or make the connector over the REST API, which keeps them apart.`;

/** JSON of any SDK: scalars become the texts that a configuration is made of. */
function textsOf(name: string, config: Readonly<Record<string, unknown>>): ConnectorConfig {
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    if (!['string', 'number', 'boolean'].includes(typeof value))
      throw new MillraceError('CONFIG_INVALID', `The value of ${key} must be a text, a number, true or false.`);
    texts[key] = String(value);
  }
  if ((texts['name'] ?? name) !== name)
    throw new MillraceError(
      'CONFIG_INVALID',
      `The configuration of the connector ${name} has the name ${texts['name']}.`,
    );
  return { ...texts, name };
}

/** Messages by key for clients whose settings together are no connection, such as a login without its password. */
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
  // Secrets that cannot be read just now make no configuration wrong.
  if (kindOf(error) === 'retriable') throw error;
  throw new MillraceError('BAD_REQUEST', messageOf(error), { cause: error });
}

const isText = (entry: [string, string | null | undefined]): entry is [string, string] => typeof entry[1] === 'string';

/** The values of the keys that `of` has. */
const only = (from: Readonly<Record<string, string>>, of: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(from).filter(([key]) => key in of));

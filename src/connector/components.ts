import type { ConnectorEntry, ConnectorHost } from '../../connectors/index.ts';
import type { ConnectorConfig } from '../../workflows/shared/messages.ts';
import type { ConfigKeyInfo, ConfigProvider, Converter, Log, SinkConnector, SourceConnector } from '../api/index.ts';
import { type ClientSettings, clientSettings, isClientProperty } from '../config/client-settings/index.ts';
import type { Resolved } from '../config/secrets/placeholders.ts';
import { resolvePlaceholders } from '../config/secrets/placeholders.ts';
import { namedLikeSecret, secretKeys } from '../config/secrets/secret-keys.ts';
import { parseTaskConfig } from '../engine/task-config.ts';
import { MillraceError } from '../errors.ts';
import type { PluginRegistry } from '../plugins.ts';
import { transformChain } from '../transforms/chain.ts';
import type { Pipeline } from './pipeline.ts';

export interface ComponentDeps extends ConnectorHost {
  readonly plugins: Pick<PluginRegistry, 'findConnector' | 'list' | 'transform' | 'predicate' | 'converter'>;
  /** Worker properties: what a connector's configuration leaves open. */
  readonly workerProps: Readonly<Record<string, string>>;
  readonly providers: ReadonlyMap<string, ConfigProvider>;
  /** Puts a connector's secrets in the place of `${secret:…}` in its configuration. TASK_CONFIG. */
  unseal(connector: string, config: ConnectorConfig): Promise<Resolved>;
}

export interface ResolvedConfig extends Resolved {
  readonly clients: ClientSettings;
  /** Secrets that stand at keys which are not for secrets, so that they may come up in names of topics and the like. */
  readonly inNames: readonly string[];
}

/**
 * A connector's configuration as its task sees it: over the worker's converters, placeholders resolved. Its secrets are
 * what placeholders stood for, and whatever else is a secret by its name. keys: those of the connector.
 */
export async function resolved(
  deps: ComponentDeps,
  connector: string,
  config: ConnectorConfig,
  keys: readonly ConfigKeyInfo[] = [],
): Promise<ResolvedConfig> {
  const { props: unsealed, secrets: own } = await deps.unseal(connector, config);
  const given = Object.entries({ ...defaults(deps.workerProps, unsealed), ...unsealed });
  const isSecret = namedLikeSecret(keys);
  const { props: hidden, secrets } = await resolvePlaceholders(
    Object.fromEntries(given.filter(([key]) => isSecret(key))),
    deps.providers,
  );
  const { props: others, secrets: inNames } = await resolvePlaceholders(
    Object.fromEntries(given.filter(([key]) => !isSecret(key))),
    deps.providers,
  );
  const props = { ...others, ...hidden };
  const worker = await workerClients(deps);
  const type = deps.plugins.findConnector(config['connector.class'] ?? '')?.kind ?? 'source';
  return {
    props,
    clients: clientSettings(type, worker.props, props),
    secrets: [...own, ...secrets, ...inNames, ...worker.secrets, ...secretKeys(props).map(key => props[key] ?? '')],
    inNames,
  };
}

/** The worker's settings of its tasks' clients. Placeholders are resolved each time: a password may have changed. */
export async function workerClients({
  workerProps,
  providers,
}: Pick<ComponentDeps, 'workerProps' | 'providers'>): Promise<Resolved> {
  const given = Object.fromEntries(Object.entries(workerProps).filter(([key]) => isClientProperty(key)));
  const { props, secrets } = await resolvePlaceholders(given, providers);
  return { props, secrets: [...secrets, ...secretKeys(props).map(key => props[key] ?? '')] };
}

/** The worker's settings that concern connectors. A connector that names its own converter takes none of its keys over. */
function defaults(props: Readonly<Record<string, string>>, config: ConnectorConfig): Record<string, string> {
  const taken: Record<string, string> = {};
  for (const [key, value] of Object.entries(props)) {
    const converter = /^(key|value|header)\.converter(\.|$)/.exec(key)?.[1];
    if (converter !== undefined && config[`${converter}.converter`] !== undefined) continue;
    if (converter !== undefined || key === 'topic.creation.enable') taken[key] = value;
  }
  return taken;
}

/** The connector of a configuration. TASK_CONFIG where there is none of that class. */
export async function connectorOf(
  { plugins, files }: ComponentDeps,
  config: ConnectorConfig,
): Promise<{ entry: ConnectorEntry; connector: SourceConnector<unknown> | SinkConnector<unknown> }> {
  const name = config['connector.class'] ?? '';
  const entry = plugins.findConnector(name);
  if (entry === undefined)
    throw new MillraceError(
      'TASK_CONFIG',
      `There is no connector ${name}; there are ${plugins
        .list(true)
        .map(one => one.class)
        .join(', ')}.`,
    );
  return { entry, connector: await entry.load({ files }) };
}

/** Converters and transforms of a resolved configuration. */
export async function pipelineOf(
  { plugins }: Pick<ComponentDeps, 'plugins'>,
  props: Readonly<Record<string, string>>,
  log: Pick<Log, 'warn'>,
): Promise<Pipeline> {
  const [keys, values, headers] = [
    await converterOf(plugins, props, 'key.converter'),
    await converterOf(plugins, props, 'value.converter'),
    await converterOf(plugins, props, 'header.converter'),
  ];
  return {
    props,
    transform: await transformChain(props, plugins, log),
    keys: keys.converter,
    values: values.converter,
    headers: headers.converter,
    names: { keys: keys.className, values: values.className, headers: headers.className },
    tolerant: (props['errors.tolerance'] ?? 'none').toLowerCase() === 'all',
  };
}

type Which = 'key.converter' | 'value.converter' | 'header.converter';

/** As Kafka Connect has it for headers; keys and values have JSON where neither connector nor worker say otherwise. */
const usual: Record<Which, string> = {
  'key.converter': 'JsonConverter',
  'value.converter': 'JsonConverter',
  'header.converter': 'SimpleHeaderConverter',
};

async function converterOf(
  plugins: ComponentDeps['plugins'],
  props: Readonly<Record<string, string>>,
  which: Which,
): Promise<{ readonly converter: Converter; readonly className: string }> {
  const name = props[which] ?? usual[which];
  const found = await plugins.converter(name, which === 'header.converter');
  if (found === undefined) throw new MillraceError('TASK_CONFIG', `${which} is ${name}, which there is not.`);
  const own = Object.entries(props)
    .filter(([key]) => key.startsWith(`${which}.`))
    .map(([key, value]) => [key.slice(which.length + 1), value] as const);
  const { factory, className } = found;
  const config = parseTaskConfig(factory.config, Object.fromEntries(own));
  return { converter: factory.create(config, which === 'key.converter'), className };
}

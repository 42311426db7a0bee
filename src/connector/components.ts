import type { ConnectorEntry, ConnectorHost } from '../../connectors/index.ts';
import type { ConnectorConfig } from '../../workflows/shared/messages.ts';
import type { ConfigKeyInfo, ConfigProvider, Converter, Log, SinkConnector, SourceConnector } from '../api/index.ts';
import { type ClientSettings, clientSettings, isClientProperty } from '../config/client-settings/index.ts';
import type { ResolvedProps } from '../config/secrets/placeholders.ts';
import { resolvePlaceholders } from '../config/secrets/placeholders.ts';
import { secretKeyMatcher, secretKeys } from '../config/secrets/secret-keys.ts';
import { parseTaskConfig } from '../engine/task-config.ts';
import { MillraceError } from '../errors.ts';
import type { PluginRegistry } from '../plugins.ts';
import { transformChain } from '../transforms/chain.ts';
import type { Pipeline } from './pipeline.ts';

export interface ComponentDeps extends ConnectorHost {
  readonly plugins: Pick<PluginRegistry, 'findConnector' | 'list' | 'transform' | 'predicate' | 'converter'>;
  /** Worker properties: defaults of connectors' configurations. */
  readonly workerProps: Readonly<Record<string, string>>;
  readonly providers: ReadonlyMap<string, ConfigProvider>;
  /** Replaces `${secret:…}` in a connector's configuration by its secrets. TASK_CONFIG. */
  unseal(connector: string, config: ConnectorConfig): Promise<ResolvedProps>;
}

export interface ResolvedConfig extends ResolvedProps {
  readonly clients: ClientSettings;
  /** Secrets of keys that are not for secrets. They may appear in names, for example of topics. */
  readonly nameSecrets: readonly string[];
}

/**
 * Resolves a connector's configuration for its tasks: adds the worker's defaults and replaces placeholders. Its secrets
 * are the values of placeholders and of keys that are secret by name. keys: those of the connector.
 */
export async function resolveConfig(
  deps: ComponentDeps,
  connector: string,
  config: ConnectorConfig,
  keys: readonly ConfigKeyInfo[] = [],
): Promise<ResolvedConfig> {
  const { props: unsealed, secrets: storedSecrets } = await deps.unseal(connector, config);
  const entries = Object.entries({ ...workerDefaults(deps.workerProps, unsealed), ...unsealed });
  const isSecret = secretKeyMatcher(keys);
  const { props: hidden, secrets } = await resolvePlaceholders(
    Object.fromEntries(entries.filter(([key]) => isSecret(key))),
    deps.providers,
  );
  const { props: others, secrets: nameSecrets } = await resolvePlaceholders(
    Object.fromEntries(entries.filter(([key]) => !isSecret(key))),
    deps.providers,
  );
  const props = { ...others, ...hidden };
  const worker = await workerClientProps(deps);
  const type = deps.plugins.findConnector(config['connector.class'] ?? '')?.kind ?? 'source';
  return {
    props,
    clients: clientSettings(type, worker.props, props),
    secrets: [
      ...storedSecrets,
      ...secrets,
      ...nameSecrets,
      ...worker.secrets,
      ...secretKeys(props).map(key => props[key] ?? ''),
    ],
    nameSecrets,
  };
}

/** The worker's settings of its tasks' clients. Placeholders are resolved each time, since a password may have changed. */
export async function workerClientProps({
  workerProps,
  providers,
}: Pick<ComponentDeps, 'workerProps' | 'providers'>): Promise<ResolvedProps> {
  const clientProps = Object.fromEntries(Object.entries(workerProps).filter(([key]) => isClientProperty(key)));
  const { props, secrets } = await resolvePlaceholders(clientProps, providers);
  return { props, secrets: [...secrets, ...secretKeys(props).map(key => props[key] ?? '')] };
}

/** The worker's settings for connectors. They exclude the keys of converters that the connector sets itself. */
function workerDefaults(props: Readonly<Record<string, string>>, config: ConnectorConfig): Record<string, string> {
  const selected: Record<string, string> = {};
  for (const [key, value] of Object.entries(props)) {
    const converter = /^(key|value|header)\.converter(\.|$)/.exec(key)?.[1];
    if (converter !== undefined && config[`${converter}.converter`] !== undefined) continue;
    if (converter !== undefined || key === 'topic.creation.enable') selected[key] = value;
  }
  return selected;
}

/** Loads the connector of a configuration. TASK_CONFIG for an unknown class. */
export async function loadConnector(
  { plugins, files }: ComponentDeps,
  config: ConnectorConfig,
): Promise<{ entry: ConnectorEntry; connector: SourceConnector<unknown> | SinkConnector<unknown> }> {
  const name = config['connector.class'] ?? '';
  const entry = plugins.findConnector(name);
  if (entry === undefined)
    throw new MillraceError(
      'TASK_CONFIG',
      `There is no connector ${name}. Available connectors: ${plugins
        .list(true)
        .map(plugin => plugin.class)
        .join(', ')}.`,
    );
  return { entry, connector: await entry.load({ files }) };
}

/** Loads the converters and transforms of a resolved configuration. */
export async function buildPipeline(
  { plugins }: Pick<ComponentDeps, 'plugins'>,
  props: Readonly<Record<string, string>>,
  log: Pick<Log, 'warn'>,
): Promise<Pipeline> {
  const [keys, values, headers] = [
    await loadConverter(plugins, props, 'key.converter'),
    await loadConverter(plugins, props, 'value.converter'),
    await loadConverter(plugins, props, 'header.converter'),
  ];
  return {
    props,
    transform: await transformChain(props, plugins, log),
    keys: keys.converter,
    values: values.converter,
    headers: headers.converter,
    names: { keys: keys.className, values: values.className, headers: headers.className },
    tolerant: (props['errors.tolerance'] ?? 'none').toLowerCase() === 'all',
    errorLog: {
      isEnabled: isTrue(props['errors.log.enable']),
      includesPosition: isTrue(props['errors.log.include.messages']),
    },
  };
}

const isTrue = (text: string | undefined): boolean => text?.trim().toLowerCase() === 'true';

type ConverterKey = 'key.converter' | 'value.converter' | 'header.converter';

/** Converters that are used if neither the connector nor the worker sets one; for headers that of Kafka Connect. */
const defaultConverters: Record<ConverterKey, string> = {
  'key.converter': 'JsonConverter',
  'value.converter': 'JsonConverter',
  'header.converter': 'SimpleHeaderConverter',
};

async function loadConverter(
  plugins: ComponentDeps['plugins'],
  props: Readonly<Record<string, string>>,
  key: ConverterKey,
): Promise<{ readonly converter: Converter; readonly className: string }> {
  const name = props[key] ?? defaultConverters[key];
  const plugin = await plugins.converter(name, key === 'header.converter');
  if (plugin === undefined) throw new MillraceError('TASK_CONFIG', `${key} is ${name}: there is no such converter.`);
  const prefix = `${key}.`;
  const settings = Object.entries(props)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value] as const);
  const { factory, className } = plugin;
  const config = parseTaskConfig(factory.config, Object.fromEntries(settings));
  return { converter: factory.create(config, key === 'key.converter'), className };
}

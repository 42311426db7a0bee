import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectorEntry } from '../connectors/index.ts';
import { connectors as defaultConnectors } from '../connectors/index.ts';
import type { ConfigSpec, ConverterFactory, Log, PredicateFactory, TransformFactory } from './api/index.ts';
import type { NamedComponent, PluginOrigin } from './config/connector-config/class-names.ts';
import { findComponent, findConnector as findConnectorIn } from './config/connector-config/class-names.ts';
import type { ComponentConfig, ComponentLookup } from './config/connector-config/component-lookup.ts';
import type { KeyDefinition } from './config/connector-config/config-infos.ts';
import { keyDefinition } from './config/connector-config/config-infos.ts';
import { type ConfigProviderEntry, configProviderEntries } from './config/worker-config/config-providers.ts';
import { noFiles } from './config/worker-config/file-access.ts';
import { converters as builtinConverters } from './converters/index.ts';
import { MillraceError } from './errors.ts';
import { packageFolder } from './package-folder.ts';
import type { LoadedPlugin } from './plugins/load.ts';
import { merged, mergedConnectors } from './plugins/merge.ts';
import { predicates as builtinPredicates } from './predicates/index.ts';
import { transforms as builtinTransforms } from './transforms/index.ts';

export type PluginKind = 'source' | 'sink' | 'converter' | 'header_converter' | 'transformation' | 'predicate';

export interface PluginInfo {
  readonly class: string;
  readonly type: PluginKind;
  readonly version: string;
}

/** A component of a configuration with its factory. */
export interface Component<F> extends ComponentConfig {
  readonly factory: F;
}

/** All components, by class name or alias: those of Millrace and those of plugins. */
export interface PluginRegistry extends ComponentLookup {
  findConnector(name: string): ConnectorEntry | undefined;
  // biome-ignore-start lint/suspicious/noExplicitAny: each factory's configuration type is its own
  transform(name: string): Promise<Component<TransformFactory<any>> | undefined>;
  predicate(name: string): Promise<Component<PredicateFactory<any>> | undefined>;
  converter(name: string, headers: boolean): Promise<Component<ConverterFactory<any>> | undefined>;
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
  readonly configProviders: readonly ConfigProviderEntry[];
  /** The list of GET /connector-plugins. */
  list(connectorsOnly: boolean): readonly PluginInfo[];
  /** The keys of GET /connector-plugins/{plugin}/config. NOT_FOUND. */
  keys(name: string): Promise<readonly KeyDefinition[]>;
  /** The version of a plugin; Millrace's version for an unknown name. */
  versionOf(name: string): Promise<string>;
}

export interface RegistryOptions {
  /** Connectors of Millrace. */
  readonly connectors?: readonly ConnectorEntry[];
  readonly plugins?: readonly LoadedPlugin[];
  /** Receives warnings of names that are already used. */
  readonly log?: Pick<Log, 'warn'>;
}

type Entry<F> = NamedComponent & { load(): Promise<F> };

export function pluginRegistry({
  connectors: builtinConnectors = defaultConnectors,
  plugins = [],
  log = { warn: () => undefined },
}: RegistryOptions = {}): PluginRegistry {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string };
  const connectors = mergedConnectors(builtinConnectors, plugins, log);
  const transforms = merged(
    {
      builtin: builtinTransforms,
      kind: 'transform',
      suffix: 'Transformation',
      lists: [{ select: ({ transforms }) => transforms }],
    },
    plugins,
    log,
  );
  const predicates = merged(
    {
      builtin: builtinPredicates,
      kind: 'predicate',
      suffix: 'Predicate',
      lists: [{ select: ({ predicates }) => predicates }],
    },
    plugins,
    log,
  );
  const converters = merged(
    {
      builtin: builtinConverters,
      kind: 'converter',
      suffix: 'Converter',
      lists: [
        { select: plugin => plugin.converters },
        { select: plugin => plugin.headerConverters, properties: { headersOnly: true } },
      ],
    },
    plugins,
    log,
  );
  const configProviders = merged(
    {
      builtin: configProviderEntries,
      kind: 'configProvider',
      suffix: 'ConfigProvider',
      lists: [{ select: plugin => plugin.configProviders }],
    },
    plugins,
    log,
  );
  const dataConverters = converters.filter(entry => entry.headersOnly !== true);
  const classes = (entries: readonly NamedComponent[]) => entries.map(({ names }) => names[0]);
  const versionOf = ({ origin }: { readonly origin?: PluginOrigin }) => origin?.version ?? version;

  const findConnector = (name: string) => findConnectorIn(connectors, name);

  const find =
    <F extends { readonly config: ConfigSpec<unknown> }>(entries: readonly Entry<F>[], suffix: string) =>
    async (name: string): Promise<Component<F> | undefined> => {
      const entry = findComponent(entries, name, suffix);
      if (entry === undefined) return undefined;
      const factory = await entry.load();
      return { className: entry.names[0], version: versionOf(entry), config: factory.config, factory };
    };
  const transform = find(transforms, 'Transformation');
  const predicate = find(predicates, 'Predicate');
  const anyConverter = find(converters, 'Converter');
  const dataConverter = find(dataConverters, 'Converter');

  return {
    version,
    classes: {
      transforms: classes(transforms),
      predicates: classes(predicates),
      converters: classes(dataConverters),
      headerConverters: classes(converters),
    },
    findConnector,
    transform,
    predicate,
    converter: (name, headers) => (headers ? anyConverter : dataConverter)(name),
    configProviders,

    list(connectorsOnly) {
      const info = (type: PluginKind) => (entry: NamedComponent) => ({
        class: entry.names[0],
        type,
        version: versionOf(entry),
      });
      const all = connectors.map(entry => ({ class: entry.className, type: entry.kind, version: versionOf(entry) }));
      if (connectorsOnly) return all;
      return [
        ...all,
        ...transforms.map(info('transformation')),
        ...predicates.map(info('predicate')),
        ...dataConverters.map(info('converter')),
        ...converters.map(info('header_converter')),
      ];
    },

    async versionOf(name) {
      const connector = findConnector(name);
      if (connector !== undefined) return versionOf(connector);
      return ((await transform(name)) ?? (await predicate(name)) ?? (await anyConverter(name)))?.version ?? version;
    },

    async keys(name) {
      const connector = await findConnector(name)?.load({ files: noFiles });
      const spec = connector ?? (await transform(name)) ?? (await predicate(name)) ?? (await anyConverter(name));
      if (spec === undefined) throw new MillraceError('NOT_FOUND', `Unknown plugin ${name}.`);
      return spec.config.keys.map(keyDefinition);
    },
  };
}

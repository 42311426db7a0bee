import type { ConfigProviderFactory } from './config-provider.ts';
import type { ConverterFactory, PredicateFactory, TransformFactory } from './convert.ts';
import type { SinkConnector } from './sink.ts';
import type { SourceConnector } from './source.ts';

/** One component of a plugin: its names in configurations, and the function that loads it. */
export interface PluginComponent<T> {
  /** Class name with dots, as in configurations: `com.example.AcmeSourceConnector`. The part after the last dot also works. */
  readonly className: string;
  /** Further names in configurations. */
  readonly aliases?: readonly string[];
  /** Default: the plugin's version. */
  readonly version?: string;
  /** Called when a configuration first uses the component; a module imported here is not loaded before. */
  load(): T | Promise<T>;
}

/** A plugin: the export `plugin` of its module. */
export interface Plugin {
  /** Default: the version in the package.json of its package. */
  readonly version?: string;
  // biome-ignore-start lint/suspicious/noExplicitAny: each component's configuration type is its own
  readonly sources?: readonly PluginComponent<SourceConnector<any>>[];
  readonly sinks?: readonly PluginComponent<SinkConnector<any>>[];
  readonly transforms?: readonly PluginComponent<TransformFactory<any>>[];
  readonly predicates?: readonly PluginComponent<PredicateFactory<any>>[];
  /** For keys, values and headers. */
  readonly converters?: readonly PluginComponent<ConverterFactory<any>>[];
  /** For headers only. */
  readonly headerConverters?: readonly PluginComponent<ConverterFactory<any>>[];
  readonly configProviders?: readonly PluginComponent<ConfigProviderFactory<any>>[];
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
}

/** Checks the plugin's type at compile time; returns it unchanged. */
export const definePlugin = (plugin: Plugin): Plugin => plugin;

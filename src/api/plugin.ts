import type { ConfigProviderFactory } from './config-provider.ts';
import type { ConverterFactory, PredicateFactory, TransformFactory } from './convert.ts';
import type { SinkConnector } from './sink.ts';
import type { SourceConnector } from './source.ts';

/** One component of a plugin: what configurations call it, and how it is had. */
export interface PluginComponent<T> {
  /** As configurations name it, with dots: `com.example.AcmeSourceConnector`. What is behind the last dot works as well. */
  readonly className: string;
  /** Further names. */
  readonly aliases?: readonly string[];
  /** Default: the plugin's. */
  readonly version?: string;
  /** Called when a configuration first names it, so that a module imported here costs nothing before. */
  load(): T | Promise<T>;
}

/** What a plugin's module exports as `plugin`. */
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
  /** For headers alone. */
  readonly headerConverters?: readonly PluginComponent<ConverterFactory<any>>[];
  readonly configProviders?: readonly PluginComponent<ConfigProviderFactory<any>>[];
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
}

/** Gives the compiler the plugin's type; answers it as it is. */
export const definePlugin = (plugin: Plugin): Plugin => plugin;

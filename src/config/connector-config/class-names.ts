/** A component that configurations refer to by Java class name. */
export interface NamedComponent {
  /** Java class names; GET /connector-plugins lists the first one. */
  readonly names: readonly [string, ...string[]];
  /** Plugin that provides the component; absent for components of Millrace. */
  readonly origin?: PluginOrigin;
}

/** The plugin that provides a component. */
export interface PluginOrigin {
  /** Folder or file of the plugin. */
  readonly path: string;
  readonly version: string;
}

/** `MaskField$Value` of `org.apache.kafka.connect.transforms.MaskField$Value`. */
export const shortName = (className: string): string => className.slice(className.lastIndexOf('.') + 1);

/** `suffix` is the optional end of a short name, as in Connect: `Json` for `JsonConverter`. */
export function findComponent<E extends NamedComponent>(
  entries: readonly E[],
  name: string,
  suffix = '',
): E | undefined {
  return (
    entries.find(({ names }) => names.includes(name)) ??
    entries.find(({ names }) =>
      names.some(className => shortName(className) === name || shortName(className) === name + suffix),
    )
  );
}

/** A connector class in a registry. */
export interface NamedConnector {
  /** Java class name of the connector that it replaces. */
  readonly className: string;
  /** Further class names. */
  readonly aliases: readonly string[];
  /** Plugin that provides the connector; absent for connectors of Millrace. */
  readonly origin?: PluginOrigin;
}

/** Finds a connector by class name, alias, or Connect's short name with or without the suffix `Connector`. */
export function findConnector<E extends NamedConnector>(entries: readonly E[], name: string): E | undefined {
  return (
    entries.find(entry => entry.className === name) ??
    entries.find(entry => entry.aliases.includes(name)) ??
    entries.find(({ className }) => shortName(className) === name || shortName(className) === `${name}Connector`)
  );
}

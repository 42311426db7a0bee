/** Something that a configuration names by a Java class. */
export interface NamedComponent {
  /** Java class names: the first is the one that is listed. */
  readonly names: readonly [string, ...string[]];
  /** Where it comes from a plugin: which, and its version there. */
  readonly origin?: PluginOrigin;
}

/** The plugin that something comes from. */
export interface PluginOrigin {
  /** Folder or file. */
  readonly path: string;
  readonly version: string;
}

/** `MaskField$Value` of `org.apache.kafka.connect.transforms.MaskField$Value`. */
export const shortName = (className: string): string => className.slice(className.lastIndexOf('.') + 1);

/** suffix: what may be left out at the end of a short name, as Connect allows: `Json` for `JsonConverter`. */
export function findNamed<E extends NamedComponent>(entries: readonly E[], name: string, suffix = ''): E | undefined {
  return (
    entries.find(({ names }) => names.includes(name)) ??
    entries.find(({ names }) => names.some(one => shortName(one) === name || shortName(one) === name + suffix))
  );
}

/** A connector in a list of them. */
export interface NamedConnector {
  /** Java class of the connector that it stands in for. */
  readonly className: string;
  /** Other names. */
  readonly aliases: readonly string[];
  /** As Named's. */
  readonly origin?: PluginOrigin;
}

/** By class name, by alias, or by the short name that Connect would take, with or without `Connector` at its end. */
export function findConnector<E extends NamedConnector>(entries: readonly E[], name: string): E | undefined {
  return (
    entries.find(entry => entry.className === name) ??
    entries.find(entry => entry.aliases.includes(name)) ??
    entries.find(({ className }) => shortName(className) === name || shortName(className) === `${name}Connector`)
  );
}

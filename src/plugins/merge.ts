import type { ConnectorEntry } from '../../connectors/index.ts';
import type { Log, PluginComponent, SinkConnector, SourceConnector } from '../api/index.ts';
import {
  findComponent,
  findConnector,
  type NamedComponent,
  type PluginOrigin,
} from '../config/connector-config/class-names.ts';
import { guarded } from './guard.ts';
import type { LoadedPlugin } from './load.ts';
import type { ComponentKind } from './shape.ts';

// biome-ignore lint/suspicious/noExplicitAny: the type of a component's instances is not used here
type AnyComponent = PluginComponent<any>;
type WarningLog = Pick<Log, 'warn'>;

/** One component of one plugin. */
interface Candidate {
  readonly component: AnyComponent;
  readonly origin: PluginOrigin;
}

/** Chooses the newest version of each class that several plugins have, as Kafka Connect does. */
function newestOfEachClass(
  plugins: readonly LoadedPlugin[],
  componentsOf: (plugin: LoadedPlugin['plugin']) => readonly AnyComponent[],
  log: WarningLog,
): Candidate[] {
  const chosen = new Map<string, Candidate>();
  for (const { path, version, plugin } of plugins)
    for (const component of componentsOf(plugin)) {
      const { className } = component;
      const candidate = { component, origin: { path, version: component.version ?? version } };
      const other = chosen.get(className);
      const [winner, loser] =
        other === undefined || compareVersions(candidate.origin.version, other.origin.version) > 0
          ? [candidate, other]
          : [other, candidate];
      chosen.set(className, winner);
      if (loser !== undefined)
        log.warn(
          { class: className, used: winner.origin, left: loser.origin },
          'two plugins have the same class; the newer one is used',
        );
    }
  return [...chosen.values()];
}

/**
 * Returns the names of a component that neither Millrace nor an earlier plugin uses. Undefined when its class name is
 * used already.
 */
function freeNames(
  { component: { className, aliases = [] }, origin }: Candidate,
  isUsed: (name: string) => boolean,
  log: WarningLog,
): [string, ...string[]] | undefined {
  if (isUsed(className)) {
    log.warn(
      { class: className, ...origin },
      'a plugin has a class that exists already; that of the plugin is not used',
    );
    return undefined;
  }
  const free = aliases.filter(alias => {
    if (isUsed(alias)) log.warn({ class: className, alias, ...origin }, 'an alias of a plugin’s class is used already');
    return !isUsed(alias);
  });
  return [className, ...free];
}

export interface Merge<E extends NamedComponent> {
  readonly builtin: readonly E[];
  readonly kind: ComponentKind;
  /** End of class names that a configuration may omit: `Converter`. */
  readonly suffix: string;
  /** Lists of a plugin with components of this kind. properties: added to the entry of each component of a list. */
  readonly lists: readonly {
    select(plugin: LoadedPlugin['plugin']): readonly AnyComponent[] | undefined;
    readonly properties?: Partial<E>;
  }[];
}

/** Lists Millrace's components, then those of plugins. */
export function merged<E extends NamedComponent & { load(): Promise<unknown> }>(
  { builtin, kind, suffix, lists }: Merge<E>,
  plugins: readonly LoadedPlugin[],
  log: WarningLog,
): readonly E[] {
  const all: E[] = [...builtin];
  for (const { select, properties } of lists)
    for (const candidate of newestOfEachClass(plugins, plugin => select(plugin) ?? [], log)) {
      const names = freeNames(candidate, name => findComponent(all, name, suffix) !== undefined, log);
      if (names === undefined) continue;
      const { component, origin } = candidate;
      const load = once(() => guarded(kind, component.className, () => component.load()));
      all.push({ ...properties, names, origin, load } as unknown as E);
    }
  return all;
}

/** Lists Millrace's connectors, then those of plugins. */
export function mergedConnectors(
  builtin: readonly ConnectorEntry[],
  plugins: readonly LoadedPlugin[],
  log: WarningLog,
): readonly ConnectorEntry[] {
  const all: ConnectorEntry[] = [...builtin];
  for (const [kind, list] of [
    ['source', 'sources'],
    ['sink', 'sinks'],
  ] as const)
    for (const candidate of newestOfEachClass(plugins, plugin => plugin[list] ?? [], log)) {
      const names = freeNames(candidate, name => findConnector(all, name) !== undefined, log);
      if (names === undefined) continue;
      const { component, origin } = candidate;
      const [className, ...aliases] = names;
      const load = once(
        async () =>
          (await guarded(kind, className, () => component.load())) as SourceConnector<unknown> | SinkConnector<unknown>,
      );
      all.push({ kind, className, aliases, origin, load });
    }
  return all;
}

/** Caches a successful load; a failed one is repeated by the next call. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}

/** Negative when `a` is older. Parts are compared as numbers; a pre-release is older than its release (semver.org). */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < Math.max(left.numbers.length, right.numbers.length); i++) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === '' || right.pre === '') return left.pre === '' ? 1 : -1;
  return left.pre.localeCompare(right.pre, 'en', { numeric: true });
}

function partsOf(version: string): { readonly numbers: readonly number[]; readonly pre: string } {
  const [, numbers, pre = ''] = /^v?(\d+(?:\.\d+)*)(?:-([^+]*))?/.exec(version) ?? [];
  // Text without a version number is older than any version.
  return { numbers: numbers === undefined ? [-1] : numbers.split('.').map(Number), pre };
}

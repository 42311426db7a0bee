import type { ConnectorEntry } from '../../connectors/index.ts';
import type { Log, PluginComponent, SinkConnector, SourceConnector } from '../api/index.ts';
import { findConnector, findNamed, type Named, type Origin } from '../config/connector-config/class-names.ts';
import { guarded } from './guard.ts';
import type { LoadedPlugin } from './load.ts';
import type { ComponentKind } from './shape.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a component makes is of no interest here
type Offered = PluginComponent<any>;
type Log_ = Pick<Log, 'warn'>;

/** One component of one plugin. */
interface Candidate {
  readonly component: Offered;
  readonly origin: Origin;
}

/** A class that several plugins have comes from the one with the newest version, as in Kafka Connect. */
function newest(
  plugins: readonly LoadedPlugin[],
  offered: (plugin: LoadedPlugin['plugin']) => readonly Offered[],
  log: Log_,
): Candidate[] {
  const chosen = new Map<string, Candidate>();
  for (const { path, version, plugin } of plugins)
    for (const component of offered(plugin)) {
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
          'a class comes from two plugins; the newer is used',
        );
    }
  return [...chosen.values()];
}

/**
 * Names that are still free: a plugin takes none away, from Millrace or from a plugin before it. undefined: its class
 * name is not.
 */
function freeNames(
  { component: { className, aliases = [] }, origin }: Candidate,
  taken: (name: string) => boolean,
  log: Log_,
): [string, ...string[]] | undefined {
  if (taken(className)) {
    log.warn({ class: className, ...origin }, 'a plugin has a class that is there already; the plugin’s is not used');
    return undefined;
  }
  const free = aliases.filter(alias => {
    if (taken(alias)) log.warn({ class: className, alias, ...origin }, 'an alias of a plugin’s class is taken already');
    return !taken(alias);
  });
  return [className, ...free];
}

export interface Merge<E extends Named> {
  readonly own: readonly E[];
  readonly kind: ComponentKind;
  /** What may be left out at the end of a name. */
  readonly suffix: string;
  /** The components of this kind, and what is set at their entries. */
  readonly offered: readonly {
    of(plugin: LoadedPlugin['plugin']): readonly Offered[] | undefined;
    readonly mark?: Partial<E>;
  }[];
}

/** Millrace's own components, then those of plugins. */
export function merged<E extends Named & { load(): Promise<unknown> }>(
  { own, kind, suffix, offered }: Merge<E>,
  plugins: readonly LoadedPlugin[],
  log: Log_,
): readonly E[] {
  const all: E[] = [...own];
  for (const { of, mark } of offered)
    for (const candidate of newest(plugins, plugin => of(plugin) ?? [], log)) {
      const names = freeNames(candidate, name => findNamed(all, name, suffix) !== undefined, log);
      if (names === undefined) continue;
      const { component, origin } = candidate;
      const load = once(() => guarded(kind, component.className, () => component.load()));
      all.push({ ...mark, names, origin, load } as unknown as E);
    }
  return all;
}

/** As `merged`, for connectors. */
export function mergedConnectors(
  own: readonly ConnectorEntry[],
  plugins: readonly LoadedPlugin[],
  log: Log_,
): readonly ConnectorEntry[] {
  const all: ConnectorEntry[] = [...own];
  for (const [kind, list] of [
    ['source', 'sources'],
    ['sink', 'sinks'],
  ] as const)
    for (const candidate of newest(plugins, plugin => plugin[list] ?? [], log)) {
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

/** Loaded once; one that could not be is tried again, as what it waited for may have come. */
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

/** Below zero where `a` is older: numbers by their size, and what is behind a hyphen before what has none (semver.org). */
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
  // A version that is none is older than any.
  return { numbers: numbers === undefined ? [-1] : numbers.split('.').map(Number), pre };
}

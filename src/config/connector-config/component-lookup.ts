import type { ConfigSpec } from '../../api/component.ts';
import type { Findings } from './config-infos.ts';
import { versionProblem } from './plugin-version.ts';

/** A component that a configuration names: its listed class and the keys it takes. */
export interface ComponentConfig {
  readonly className: string;
  readonly version: string;
  readonly config: ConfigSpec<unknown>;
}

/** The plugins that validation has to know, asked by class name or alias. */
export interface ComponentLookup {
  transform(name: string): Promise<ComponentConfig | undefined>;
  predicate(name: string): Promise<ComponentConfig | undefined>;
  /** headers: for header.converter. */
  converter(name: string, headers: boolean): Promise<ComponentConfig | undefined>;
  /** Class names, for people to choose from. */
  readonly classes: Readonly<
    Record<'transforms' | 'predicates' | 'converters' | 'headerConverters', readonly string[]>
  >;
  /** Millrace's own. */
  readonly version: string;
}

/** Tells at each of the keys that a plugin comes in another version than the one that is asked for. */
export function addVersionErrors(
  found: Findings,
  plugin: string,
  wanted: string,
  available: string,
  keys: readonly string[],
): void {
  const problem = versionProblem(plugin, wanted, available);
  if (problem !== undefined) for (const key of keys) found.error(key, problem);
}

/** Why a class cannot stand at a key: it is a plugin of another kind, or there is none of that name. */
export async function notOfKind(
  name: string,
  key: string,
  kind: string,
  lookup: ComponentLookup,
): Promise<{ readonly value: string | null; readonly message: string }> {
  const other =
    (await lookup.transform(name)) ?? (await lookup.predicate(name)) ?? (await lookup.converter(name, true));
  return other?.className === name
    ? { value: name, message: `Class class ${name} does not implement the ${kind} interface` }
    : { value: null, message: `Invalid value ${name} for configuration ${key}: Class ${name} could not be found.` };
}

import type { ConfigSpec } from '../../api/component.ts';
import type { ConfigInfosBuilder } from './config-infos.ts';
import { versionProblem } from './plugin-version.ts';

/** A component with its listed class name and its keys. */
export interface ComponentConfig {
  readonly className: string;
  readonly version: string;
  readonly config: ConfigSpec<unknown>;
}

/** Finds components by class name or alias, for validation. */
export interface ComponentLookup {
  transform(name: string): Promise<ComponentConfig | undefined>;
  predicate(name: string): Promise<ComponentConfig | undefined>;
  /** `headers`: true for header.converter. */
  converter(name: string, headers: boolean): Promise<ComponentConfig | undefined>;
  /** Class names to recommend. */
  readonly classes: Readonly<
    Record<'transforms' | 'predicates' | 'converters' | 'headerConverters', readonly string[]>
  >;
  /** Version of Millrace. */
  readonly version: string;
}

/** Adds an error at each of the keys if the requested version of a plugin is not the available one. */
export function addVersionErrors(
  infos: ConfigInfosBuilder,
  plugin: string,
  requested: string,
  available: string,
  keys: readonly string[],
): void {
  const problem = versionProblem(plugin, requested, available);
  if (problem !== undefined) for (const key of keys) infos.addErrors(key, problem);
}

/** Connect's error for a class of another kind or an unknown class at a key, and the value to show there. */
export async function classError(
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

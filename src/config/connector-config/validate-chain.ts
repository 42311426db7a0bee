import type { ConfigKeyInfo, ConfigProps, ConfigSpec } from '../../api/component.ts';
import { booleanKey, defineConfig, stringKey } from '../spec.ts';
import { addVersionErrors, type ComponentConfig, type ComponentLookup, classError } from './component-lookup.ts';
import { type ConfigInfosBuilder, keyDefinition } from './config-infos.ts';
import { withoutPrefix } from './connector-config.ts';

const transformKeys = defineConfig({
  predicate: stringKey({
    doc: 'Alias of a predicate. The transform is only applied to records for which the predicate is true.',
    default: null,
  }),
  negate: booleanKey({
    doc: 'Whether the transform is applied to records for which the predicate is false instead.',
    default: false,
  }),
});

/** Validates the transforms and predicates of a connector. */
export async function addChain(infos: ConfigInfosBuilder, props: ConfigProps, lookup: ComponentLookup): Promise<void> {
  const predicates = aliasesOf(props['predicates']);
  for (const alias of aliasesOf(props['transforms'])) {
    const prefix = `transforms.${alias}.`;
    const settings = withoutPrefix(props, prefix);
    const context = {
      prefix,
      group: `Transforms: ${alias}`,
      kind: `Transformation`,
      alias,
      classes: lookup.classes.transforms,
    };
    const component = await addType(infos, settings, context, name => lookup.transform(name), lookup);
    if (settings['negate'] !== undefined && settings['predicate'] === undefined)
      infos.addErrors(
        `${prefix}type`,
        `Config '${prefix}negate' was provided but there is no config '${prefix}predicate' defining a predicate to be negated.`,
      );
    if (component === undefined) continue;
    addComponent(infos, settings, context, [component.config, transformKeys]);
    const predicate = settings['predicate']?.trim();
    if (predicate !== undefined && !predicates.includes(predicate))
      infos.addErrors(
        `${prefix}predicate`,
        `Invalid value ${predicate} for configuration ${prefix}predicate: there is no such predicate in predicates.`,
      );
  }
  for (const alias of predicates) {
    const prefix = `predicates.${alias}.`;
    const settings = withoutPrefix(props, prefix);
    const context = {
      prefix,
      group: `Predicates: ${alias}`,
      kind: 'Predicate',
      alias,
      classes: lookup.classes.predicates,
    };
    const component = await addType(infos, settings, context, name => lookup.predicate(name), lookup);
    if (component !== undefined) addComponent(infos, settings, context, [component.config]);
  }
}

/** Unique aliases of a list. */
const aliasesOf = (list: string | null | undefined): string[] => [
  ...new Set((list ?? '').trim() === '' ? [] : (list ?? '').split(',').map(name => name.trim())),
];

interface ComponentContext {
  readonly prefix: string;
  readonly group: string;
  readonly kind: string;
  readonly alias: string;
  readonly classes: readonly string[];
}

/** Adds the keys `type` and `plugin.version` of a transform or predicate. Returns undefined for an unknown class. */
async function addType(
  infos: ConfigInfosBuilder,
  settings: Readonly<Record<string, string>>,
  { prefix, group, kind, alias, classes }: ComponentContext,
  find: (name: string) => Promise<ComponentConfig | undefined>,
  lookup: ComponentLookup,
): Promise<ComponentConfig | undefined> {
  const name = settings['type']?.trim();
  const component = name === undefined ? undefined : await find(name);
  const classProblem =
    name === undefined || component !== undefined ? undefined : await classError(name, `${prefix}type`, kind, lookup);
  const key = { importance: 'HIGH', group, width: 'LONG', dependents: [] } as const;
  infos.define(
    {
      ...key,
      name: `${prefix}type`,
      type: 'CLASS',
      required: true,
      default_value: null,
      documentation: `Class of the ${kind.toLowerCase()} '${alias}'.`,
      order_in_group: 0,
      display_name: `${kind} type for ${alias}`,
    },
    component?.className ?? classProblem?.value ?? null,
    classes,
  );
  const availableVersion = component?.version ?? null;
  infos.define(
    {
      ...key,
      name: `${prefix}plugin.version`,
      type: 'STRING',
      required: false,
      default_value: availableVersion,
      documentation: 'Version of the plugin, or a range of versions such as [1.0,2.0). Each plugin has one version.',
      order_in_group: 1,
      display_name: `${kind} version for ${alias}`,
    },
    settings['plugin.version'] ?? availableVersion,
    availableVersion === null ? [] : [availableVersion],
  );
  if (name === undefined)
    infos.addErrors(`${prefix}type`, `Missing required configuration "${prefix}type" which has no default value.`);
  else if (classProblem !== undefined) infos.addErrors(`${prefix}type`, classProblem.message);
  const requestedVersion = settings['plugin.version'];
  if (component !== undefined && requestedVersion !== undefined)
    addVersionErrors(infos, component.className, requestedVersion, component.version, [
      `${prefix}type`,
      `${prefix}plugin.version`,
    ]);
  return component;
}

/** Adds the keys of a transform or predicate, in Connect's order. */
function addComponent(
  infos: ConfigInfosBuilder,
  settings: Readonly<Record<string, string>>,
  { prefix, group }: ComponentContext,
  specs: readonly ConfigSpec<unknown>[],
): void {
  const keys = specs.flatMap(spec => spec.keys).toSorted(byImportance);
  const definitions = new Map(
    keys.map((key, i) => [key.name, { ...keyDefinition(key), group, order_in_group: i + 2 }] as const),
  );
  // Defines all keys first, which determines their order.
  for (const [name, definition] of definitions) infos.define({ ...definition, name: prefix + name }, null);
  const definition = (key: ConfigKeyInfo) => definitions.get(key.name) ?? keyDefinition(key);
  for (const spec of specs) infos.addSpec(spec, settings, { prefix, definition, message: withFullKeys(prefix) });
}

/** Adds the prefix to keys in messages about missing or unparseable values, like Connect; other messages have no prefix. */
const withFullKeys = (prefix: string) => (message: string) =>
  message
    .replace(/^(Missing required configuration ")/, `$1${prefix.replaceAll('$', '$$$$')}`)
    .replace(/( for configuration )(?=\S+: (?:Not a number|Expected value))/, `$1${prefix.replaceAll('$', '$$$$')}`);

const importanceOrder = ['HIGH', 'MEDIUM', 'LOW'];

function byImportance(a: ConfigKeyInfo, b: ConfigKeyInfo): number {
  if (a.required !== b.required) return a.required ? -1 : 1;
  return importanceOrder.indexOf(a.importance) - importanceOrder.indexOf(b.importance) || (a.name < b.name ? -1 : 1);
}

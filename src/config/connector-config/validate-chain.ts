import type { ConfigKeyInfo, ConfigProps, ConfigSpec } from '../../api/component.ts';
import { booleanKey, defineConfig, stringKey } from '../spec.ts';
import { addVersionErrors, type ComponentConfig, type ComponentLookup, notOfKind } from './component-lookup.ts';
import { type Findings, keyDefinition } from './config-infos.ts';
import { withoutPrefix } from './connector-config.ts';

const transformKeys = defineConfig({
  predicate: stringKey({
    doc: 'Name of a predicate: the transform takes only the records for which it holds.',
    default: null,
  }),
  negate: booleanKey({ doc: 'Whether it takes those for which the predicate does not hold.', default: false }),
});

/** Checks the transforms and predicates of a connector. */
export async function addChain(found: Findings, props: ConfigProps, lookup: ComponentLookup): Promise<void> {
  const predicates = aliasesOf(props['predicates']);
  for (const alias of aliasesOf(props['transforms'])) {
    const prefix = `transforms.${alias}.`;
    const own = withoutPrefix(props, prefix);
    const head = {
      prefix,
      group: `Transforms: ${alias}`,
      what: `Transformation`,
      alias,
      classes: lookup.classes.transforms,
    };
    const component = await addType(found, own, head, name => lookup.transform(name), lookup);
    if (own['negate'] !== undefined && own['predicate'] === undefined)
      found.error(
        `${prefix}type`,
        `Config '${prefix}negate' was provided but there is no config '${prefix}predicate' defining a predicate to be negated.`,
      );
    if (component === undefined) continue;
    addComponent(found, own, head, [component.config, transformKeys]);
    const predicate = own['predicate']?.trim();
    if (predicate !== undefined && !predicates.includes(predicate))
      found.error(
        `${prefix}predicate`,
        `Invalid value ${predicate} for configuration ${prefix}predicate: there is no such predicate in predicates.`,
      );
  }
  for (const alias of predicates) {
    const prefix = `predicates.${alias}.`;
    const own = withoutPrefix(props, prefix);
    const head = {
      prefix,
      group: `Predicates: ${alias}`,
      what: 'Predicate',
      alias,
      classes: lookup.classes.predicates,
    };
    const component = await addType(found, own, head, name => lookup.predicate(name), lookup);
    if (component !== undefined) addComponent(found, own, head, [component.config]);
  }
}

/** The names of a list, each once. */
const aliasesOf = (list: string | null | undefined): string[] => [
  ...new Set((list ?? '').trim() === '' ? [] : (list ?? '').split(',').map(name => name.trim())),
];

interface Head {
  readonly prefix: string;
  readonly group: string;
  readonly what: string;
  readonly alias: string;
  readonly classes: readonly string[];
}

/** The keys `type` and `plugin.version` of a transform or predicate. */
async function addType(
  found: Findings,
  own: Readonly<Record<string, string>>,
  { prefix, group, what, alias, classes }: Head,
  find: (name: string) => Promise<ComponentConfig | undefined>,
  lookup: ComponentLookup,
): Promise<ComponentConfig | undefined> {
  const name = own['type']?.trim();
  const component = name === undefined ? undefined : await find(name);
  const unusable =
    name === undefined || component !== undefined ? undefined : await notOfKind(name, `${prefix}type`, what, lookup);
  const key = { importance: 'HIGH', group, width: 'LONG', dependents: [] } as const;
  found.put(
    {
      ...key,
      name: `${prefix}type`,
      type: 'CLASS',
      required: true,
      default_value: null,
      documentation: `Class of the ${what.toLowerCase()} '${alias}'.`,
      order_in_group: 0,
      display_name: `${what} type for ${alias}`,
    },
    component?.className ?? unusable?.value ?? null,
    classes,
  );
  const known = component?.version ?? null;
  found.put(
    {
      ...key,
      name: `${prefix}plugin.version`,
      type: 'STRING',
      required: false,
      default_value: known,
      documentation: 'Version of the plugin, or a range of versions such as [1.0,2.0). Each comes in one version.',
      order_in_group: 1,
      display_name: `${what} version for ${alias}`,
    },
    own['plugin.version'] ?? known,
    known === null ? [] : [known],
  );
  if (name === undefined)
    found.error(`${prefix}type`, `Missing required configuration "${prefix}type" which has no default value.`);
  else if (unusable !== undefined) found.error(`${prefix}type`, unusable.message);
  const wanted = own['plugin.version'];
  if (component !== undefined && wanted !== undefined)
    addVersionErrors(found, component.className, wanted, component.version, [
      `${prefix}type`,
      `${prefix}plugin.version`,
    ]);
  return component;
}

/** The keys of a transform or predicate itself, in the order that Connect gives them. */
function addComponent(
  found: Findings,
  own: Readonly<Record<string, string>>,
  { prefix, group }: Head,
  specs: readonly ConfigSpec<unknown>[],
): void {
  const keys = specs.flatMap(spec => spec.keys).toSorted(byImportance);
  const definitions = new Map(
    keys.map((key, i) => [key.name, { ...keyDefinition(key), group, order_in_group: i + 2 }] as const),
  );
  // First all of them, for the order.
  for (const [name, definition] of definitions) found.put({ ...definition, name: prefix + name }, null);
  const definition = (key: ConfigKeyInfo) => definitions.get(key.name) ?? keyDefinition(key);
  for (const spec of specs) found.add(spec, own, { prefix, definition, message: embedded(prefix) });
}

/** Connect names the whole key where a value is missing or cannot be read, and the component's own in other messages. */
const embedded = (prefix: string) => (message: string) =>
  message
    .replace(/^(Missing required configuration ")/, `$1${prefix.replaceAll('$', '$$$$')}`)
    .replace(/( for configuration )(?=\S+: (?:Not a number|Expected value))/, `$1${prefix.replaceAll('$', '$$$$')}`);

const ranks = ['HIGH', 'MEDIUM', 'LOW'];

function byImportance(a: ConfigKeyInfo, b: ConfigKeyInfo): number {
  if (a.required !== b.required) return a.required ? -1 : 1;
  return ranks.indexOf(a.importance) - ranks.indexOf(b.importance) || (a.name < b.name ? -1 : 1);
}

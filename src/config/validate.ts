import type { ConfigKeyInfo, ConfigProps, ConfigSpec } from '../api/component.ts';
import { overrideErrors } from './client-settings/index.ts';
import { refusedOverrides } from './client-settings/override-policy.ts';
import { commonConfig, sinkTopicErrors, withoutPrefix } from './connector-config.ts';
import type { ConfigInfos, Disclosure, KeyDefinition } from './findings.ts';
import { Findings, keyDefinition } from './findings.ts';
import { booleanKey, defineConfig, stringKey } from './spec.ts';
import { readTopicCreation } from './topic-creation.ts';

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

export interface ConnectorToValidate {
  readonly kind: 'source' | 'sink';
  /** Of the plugin that it comes from; none: it comes with Millrace. */
  readonly version?: string;
  readonly config: ConfigSpec<unknown>;
  /** Checks that need I/O, made where the connector's own keys are right: messages by key. */
  validate?(config: unknown): Promise<Readonly<Record<string, readonly string[]>>>;
}

export interface ValidateOptions extends Disclosure {
  /** The worker's properties: its converters stand in for the connector's, its policy is for their clients. */
  readonly workerDefaults?: ConfigProps;
  /** Messages by key about the settings of Kafka clients that no setting can say alone. */
  readonly clientErrors?: ReadonlyMap<string, string>;
}

/** Checks a connector's whole configuration and answers as Kafka Connect does. Never throws for a wrong configuration. */
export async function validateConnector(
  connector: ConnectorToValidate,
  props: ConfigProps,
  lookup: ComponentLookup,
  options: ValidateOptions = {},
): Promise<ConfigInfos> {
  const found = new Findings(props, options);
  const common = commonConfig(connector.kind);
  found.add(common, props, { definition: key => workerDefault(key, lookup.version, options.workerDefaults) });
  recommend(found, lookup);
  if (connector.version !== undefined) found.version('connector.plugin.version', connector.version);
  if (connector.kind === 'sink')
    for (const [key, message] of Object.entries(sinkTopicErrors(props))) found.error(key, message);
  else for (const [key, messages] of readTopicCreation(props).errors) found.error(key, ...messages);
  await addChain(found, props, lookup);
  await addConnector(found, connector, props);
  for (const which of ['header', 'key', 'value'] as const)
    await addConverter(found, `${which}.converter`, props, lookup);
  const worker = options.workerDefaults ?? {};
  for (const errors of [
    overrideErrors(connector.kind, worker, props),
    options.clientErrors ?? [],
    refusedOverrides(connector.kind, props, worker),
  ])
    for (const [key, message] of errors) found.error(key, message);
  for (const [key, value] of Object.entries(props))
    if (value === null) found.error(key, 'Null value can not be supplied as the configuration value.');
  return found.infos(props['connector.class'] ?? '');
}

/** Connect's text for a configuration that cannot be taken; undefined where there is nothing wrong. */
export function invalidConfigMessage(infos: ConfigInfos): string | undefined {
  if (infos.error_count === 0) return undefined;
  return [
    `Connector configuration is invalid and contains the following ${infos.error_count} error(s):`,
    ...errorsOf(infos),
    'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
  ].join('\n');
}

/** Every message, in the order of the keys. */
export const errorsOf = (infos: ConfigInfos): string[] => infos.configs.flatMap(({ value }) => value.errors);

/** Converters that a connector leaves open are the worker's, and versions Millrace's own. */
function workerDefault(key: ConfigKeyInfo, version: string, worker: ConfigProps = {}): KeyDefinition {
  const definition = keyDefinition(key);
  if (key.name.endsWith('.plugin.version')) return { ...definition, default_value: version };
  if (!/^(key|value|header)\.converter$/.test(key.name)) return definition;
  const fallback =
    key.name === 'header.converter'
      ? 'org.apache.kafka.connect.storage.SimpleHeaderConverter'
      : 'org.apache.kafka.connect.json.JsonConverter';
  return { ...definition, default_value: worker[key.name] ?? fallback };
}

function recommend(found: Findings, { classes, version }: ComponentLookup): void {
  found.change('key.converter', { recommended: classes.converters });
  found.change('value.converter', { recommended: classes.converters });
  found.change('header.converter', { recommended: classes.headerConverters });
  for (const key of ['connector', 'key.converter', 'value.converter', 'header.converter'])
    found.change(`${key}.plugin.version`, { recommended: [version] });
}

async function addConnector(found: Findings, connector: ConnectorToValidate, props: ConfigProps): Promise<void> {
  const config = found.add(connector.config, props);
  if (config === undefined || connector.validate === undefined) return;
  for (const [key, messages] of Object.entries(await connector.validate(config))) found.error(key, ...messages);
}

/** A converter's keys are looked at only where the connector names it itself. */
async function addConverter(
  found: Findings,
  which: string,
  props: ConfigProps,
  lookup: ComponentLookup,
): Promise<void> {
  const name = props[which];
  if (name === undefined || name === null) return;
  const converter = await lookup.converter(name.trim(), which === 'header.converter');
  if (converter === undefined) {
    const kind = which === 'header.converter' ? 'HeaderConverter' : 'Converter';
    const unusable = await notOfKind(name.trim(), which, kind, lookup);
    found.change(which, { value: unusable.value });
    found.unversioned(`${which}.plugin.version`);
    found.error(which, unusable.message);
    return;
  }
  found.change(which, { value: converter.className });
  if (converter.version !== lookup.version) found.version(`${which}.plugin.version`, converter.version);
  const kind = which.slice(0, which.indexOf('.'));
  found.add(
    converter.config,
    { 'converter.type': kind, ...withoutPrefix(props, `${which}.`) },
    { prefix: `${which}.`, definition: converterKey },
  );
}

/** What a converter is for is set by the worker: nobody is to rely on the default. */
function converterKey(key: ConfigKeyInfo): KeyDefinition {
  const definition = keyDefinition(key);
  return key.name === 'converter.type' ? { ...definition, required: true, default_value: null } : definition;
}

const transformKeys = defineConfig({
  predicate: stringKey({
    doc: 'Name of a predicate: the transform takes only the records for which it holds.',
    default: null,
  }),
  negate: booleanKey({ doc: 'Whether it takes those for which the predicate does not hold.', default: false }),
});

async function addChain(found: Findings, props: ConfigProps, lookup: ComponentLookup): Promise<void> {
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
      documentation: 'Version of the plugin. Accepted: each comes in one version.',
      order_in_group: 1,
      display_name: `${what} version for ${alias}`,
    },
    own['plugin.version'] ?? known,
    known === null ? [] : [known],
  );
  if (name === undefined)
    found.error(`${prefix}type`, `Missing required configuration "${prefix}type" which has no default value.`);
  else if (unusable !== undefined) found.error(`${prefix}type`, unusable.message);
  return component;
}

/** Why a class cannot stand at a key: it is a plugin of another kind, or there is none of that name. */
async function notOfKind(
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

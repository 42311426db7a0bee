import type { ConfigKeyInfo, ConfigProps, ConfigSpec } from '../../api/component.ts';
import { overrideErrors } from '../client-settings/index.ts';
import { refusedOverrides } from '../client-settings/override-policy.ts';
import { addVersionErrors, type ComponentLookup, notOfKind } from './component-lookup.ts';
import type { ConfigInfos, Disclosure, KeyDefinition } from './config-infos.ts';
import { Findings, keyDefinition } from './config-infos.ts';
import { commonConfig, sinkTopicErrors, withoutPrefix } from './connector-config.ts';
import { readTopicCreation } from './topic-creation.ts';
import { addChain } from './validate-chain.ts';

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
  const wanted = props['connector.plugin.version'];
  if (typeof wanted === 'string')
    addVersionErrors(found, props['connector.class'] ?? '', wanted, connector.version ?? lookup.version, [
      'connector.class',
      'connector.plugin.version',
    ]);
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
  const wanted = props[`${which}.plugin.version`];
  if (typeof wanted === 'string')
    addVersionErrors(found, converter.className, wanted, converter.version, [which, `${which}.plugin.version`]);
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

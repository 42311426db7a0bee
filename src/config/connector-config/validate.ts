import type { ConfigKeyInfo, ConfigProps, ConfigSpec } from '../../api/component.ts';
import { overrideErrors } from '../client-settings/index.ts';
import { disallowedOverrides } from '../client-settings/override-policy.ts';
import { addVersionErrors, type ComponentLookup, classError } from './component-lookup.ts';
import type { ConfigInfos, KeyDefinition, RedactionOptions } from './config-infos.ts';
import { ConfigInfosBuilder, keyDefinition } from './config-infos.ts';
import { commonConfig, withoutPrefix } from './connector-config.ts';
import { sinkTopicErrors } from './sink-keys.ts';
import { readTopicCreation } from './topic-creation.ts';
import { addChain } from './validate-chain.ts';

export interface ConnectorToValidate {
  readonly kind: 'source' | 'sink';
  /** Version of the plugin; absent for connectors of Millrace. */
  readonly version?: string;
  readonly config: ConfigSpec<unknown>;
  /** Validation with I/O, called if the connector's keys are valid. Returns messages by key. */
  validate?(config: unknown): Promise<Readonly<Record<string, readonly string[]>>>;
}

export interface ValidateOptions extends RedactionOptions {
  /** Worker properties, for default converters and the client override policy. */
  readonly workerDefaults?: ConfigProps;
  /** Messages by key about combinations of Kafka client settings. */
  readonly clientErrors?: ReadonlyMap<string, string>;
}

/** Validates a full connector configuration with Kafka Connect's answer. Does not throw for an invalid configuration. */
export async function validateConnector(
  connector: ConnectorToValidate,
  props: ConfigProps,
  lookup: ComponentLookup,
  options: ValidateOptions = {},
): Promise<ConfigInfos> {
  const infos = new ConfigInfosBuilder(props, options);
  const commonSpec = commonConfig(connector.kind);
  infos.addSpec(commonSpec, props, { definition: key => workerDefault(key, lookup.version, options.workerDefaults) });
  addRecommendations(infos, lookup);
  if (connector.version !== undefined) infos.setVersion('connector.plugin.version', connector.version);
  const requestedVersion = props['connector.plugin.version'];
  if (typeof requestedVersion === 'string')
    addVersionErrors(infos, props['connector.class'] ?? '', requestedVersion, connector.version ?? lookup.version, [
      'connector.class',
      'connector.plugin.version',
    ]);
  if (connector.kind === 'sink')
    for (const [key, message] of Object.entries(sinkTopicErrors(props))) infos.addErrors(key, message);
  else for (const [key, messages] of readTopicCreation(props).errors) infos.addErrors(key, ...messages);
  await addChain(infos, props, lookup);
  await addConnector(infos, connector, props);
  for (const converterKeyName of ['header', 'key', 'value'] as const)
    await addConverter(infos, `${converterKeyName}.converter`, props, lookup);
  const worker = options.workerDefaults ?? {};
  for (const errors of [
    overrideErrors(connector.kind, worker, props),
    options.clientErrors ?? [],
    disallowedOverrides(connector.kind, props, worker),
  ])
    for (const [key, message] of errors) infos.addErrors(key, message);
  for (const [key, value] of Object.entries(props))
    if (value === null) infos.addErrors(key, 'Null value can not be supplied as the configuration value.');
  return infos.build(props['connector.class'] ?? '');
}

/** Connect's message for an invalid configuration; undefined for a valid one. */
export function invalidConfigMessage(configInfos: ConfigInfos): string | undefined {
  if (configInfos.error_count === 0) return undefined;
  return [
    `Connector configuration is invalid and contains the following ${configInfos.error_count} error(s):`,
    ...errorsOf(configInfos),
    'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
  ].join('\n');
}

/** All messages, in the order of the keys. */
export const errorsOf = (configInfos: ConfigInfos): string[] =>
  configInfos.configs.flatMap(({ value }) => value.errors);

/** Definition of a key with the worker's converter or the version of Millrace as its default. */
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

function addRecommendations(infos: ConfigInfosBuilder, { classes, version }: ComponentLookup): void {
  infos.update('key.converter', { recommended: classes.converters });
  infos.update('value.converter', { recommended: classes.converters });
  infos.update('header.converter', { recommended: classes.headerConverters });
  for (const key of ['connector', 'key.converter', 'value.converter', 'header.converter'])
    infos.update(`${key}.plugin.version`, { recommended: [version] });
}

async function addConnector(
  infos: ConfigInfosBuilder,
  connector: ConnectorToValidate,
  props: ConfigProps,
): Promise<void> {
  const config = infos.addSpec(connector.config, props);
  if (config === undefined || connector.validate === undefined) return;
  for (const [key, messages] of Object.entries(await connector.validate(config))) infos.addErrors(key, ...messages);
}

/** Validates the keys of a converter that the connector configures; the worker's converters are not validated here. */
async function addConverter(
  infos: ConfigInfosBuilder,
  converterKeyName: string,
  props: ConfigProps,
  lookup: ComponentLookup,
): Promise<void> {
  const name = props[converterKeyName];
  if (name === undefined || name === null) return;
  const converter = await lookup.converter(name.trim(), converterKeyName === 'header.converter');
  if (converter === undefined) {
    const kind = converterKeyName === 'header.converter' ? 'HeaderConverter' : 'Converter';
    const classProblem = await classError(name.trim(), converterKeyName, kind, lookup);
    infos.update(converterKeyName, { value: classProblem.value });
    infos.clearVersion(`${converterKeyName}.plugin.version`);
    infos.addErrors(converterKeyName, classProblem.message);
    return;
  }
  infos.update(converterKeyName, { value: converter.className });
  if (converter.version !== lookup.version) infos.setVersion(`${converterKeyName}.plugin.version`, converter.version);
  const requestedVersion = props[`${converterKeyName}.plugin.version`];
  if (typeof requestedVersion === 'string')
    addVersionErrors(infos, converter.className, requestedVersion, converter.version, [
      converterKeyName,
      `${converterKeyName}.plugin.version`,
    ]);
  const kind = converterKeyName.slice(0, converterKeyName.indexOf('.'));
  infos.addSpec(
    converter.config,
    { 'converter.type': kind, ...withoutPrefix(props, `${converterKeyName}.`) },
    { prefix: `${converterKeyName}.`, definition: converterKey },
  );
}

/** Shows `converter.type` as required and without a default, because the worker sets it. */
function converterKey(key: ConfigKeyInfo): KeyDefinition {
  const definition = keyDefinition(key);
  return key.name === 'converter.type' ? { ...definition, required: true, default_value: null } : definition;
}

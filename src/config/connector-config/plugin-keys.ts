import { type KeyDefinition, keyDefinition } from './config-infos.ts';
import { commonConfig } from './connector-config.ts';

/**
 * A plugin's keys as GET /connector-plugins/{plugin}/config tells them: a connector's own before those that every one of
 * its kind has, and what a converter is for as a key that has to be set, which the worker does.
 * kind: undefined for what is no connector. version: of the connector.
 */
export function pluginKeys(
  own: readonly KeyDefinition[],
  kind: 'source' | 'sink' | undefined,
  version: string,
): readonly KeyDefinition[] {
  if (kind === undefined)
    return own.map(key => (key.name === 'converter.type' ? { ...key, required: true, default_value: null } : key));
  const common = commonConfig(kind).keys.map(key =>
    key.name === 'connector.plugin.version' ? { ...keyDefinition(key), default_value: version } : keyDefinition(key),
  );
  const names = new Set(own.map(key => key.name));
  return [...own, ...common.filter(key => !names.has(key.name))];
}

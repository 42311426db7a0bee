import { type KeyDefinition, keyDefinition } from './config-infos.ts';
import { commonConfig } from './connector-config.ts';

/**
 * Keys of a plugin in the answer of GET /connector-plugins/{plugin}/config: a connector's own keys before the common keys,
 * and `converter.type`, which the worker sets, as a required key.
 * kind: undefined for components other than connectors. version: of the connector.
 */
export function pluginKeys(
  componentKeys: readonly KeyDefinition[],
  kind: 'source' | 'sink' | undefined,
  version: string,
): readonly KeyDefinition[] {
  if (kind === undefined)
    return componentKeys.map(key =>
      key.name === 'converter.type' ? { ...key, required: true, default_value: null } : key,
    );
  const commonKeys = commonConfig(kind).keys.map(key =>
    key.name === 'connector.plugin.version' ? { ...keyDefinition(key), default_value: version } : keyDefinition(key),
  );
  const names = new Set(componentKeys.map(key => key.name));
  return [...componentKeys, ...commonKeys.filter(key => !names.has(key.name))];
}

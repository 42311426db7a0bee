import type { ConfigProps, ConfigSpec } from '../../api/component.ts';
import { type Config, defineConfig } from '../spec.ts';
import { commonKeys } from './common-keys.ts';
import { sinkKeys } from './sink-keys.ts';
import { sourceKeys } from './source-keys.ts';

export const sourceConnectorConfig = defineConfig({ ...commonKeys, ...sourceKeys });
export const sinkConnectorConfig = defineConfig({ ...commonKeys, ...sinkKeys });
export type SourceConnectorConfig = Config<typeof sourceConnectorConfig>;
export type SinkConnectorConfig = Config<typeof sinkConnectorConfig>;

export const commonConfig = (kind: 'source' | 'sink'): ConfigSpec<SourceConnectorConfig | SinkConnectorConfig> =>
  kind === 'source' ? sourceConnectorConfig : sinkConnectorConfig;

/** Selects the keys that start with `prefix` and removes the prefix. */
export function withoutPrefix(props: ConfigProps, prefix: string): Record<string, string> {
  const stripped: Record<string, string> = {};
  for (const [key, value] of Object.entries(props))
    if (key.startsWith(prefix) && value !== null && value !== undefined) stripped[key.slice(prefix.length)] = value;
  return stripped;
}

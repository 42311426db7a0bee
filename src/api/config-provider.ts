import type { ConfigSpec } from './component.ts';

/** Where values come from that a configuration only names (KIP-297): `${provider:[path:]key}`. */
export interface ConfigProvider {
  /**
   * The values of keys, '' for a path where the placeholder has none; those that are not there are left out. Called
   * concurrently, each time that a connector is checked or a task starts. Rejects with a sentence that holds no secret.
   */
  get(path: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Makes a provider of `config.providers.<name>.param.*`. */
export interface ConfigProviderFactory<C = unknown> {
  readonly config: ConfigSpec<C>;
  create(config: C): ConfigProvider;
}

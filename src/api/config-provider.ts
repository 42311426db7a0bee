import type { ConfigSpec } from './component.ts';

/** A source of values for placeholders in configurations (KIP-297): `${provider:[path:]key}`. */
export interface ConfigProvider {
  /**
   * Returns the values of keys, without those that do not exist. path: '' for a placeholder without one. Called
   * concurrently, each time that a connector is validated or a task starts. Rejects with a message without secrets.
   */
  get(path: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Creates a provider from `config.providers.<name>.param.*`. */
export interface ConfigProviderFactory<C = unknown> {
  readonly config: ConfigSpec<C>;
  create(config: C): ConfigProvider;
}

import { type Config, type ConfigProviderFactory, defineConfig, stringKey } from 'millrace/api';

const config = defineConfig({
  prefix: stringKey({ doc: 'What the names of variables have before the key.', default: 'SECRET_' }),
});

/** Environment variables: with the prefix SECRET_, the placeholder {provider:password} in a configuration is SECRET_password. */
export const configProvider: ConfigProviderFactory<Config<typeof config>> = {
  config,
  create: ({ prefix }) => ({
    // path: the part between the first and the second colon of a placeholder.
    async get(_path, keys) {
      const values = new Map<string, string>();
      for (const key of keys) {
        const value = process.env[prefix + key];
        if (value !== undefined) values.set(key, value);
      }
      return values;
    },
  }),
};

import { definePlugin } from 'millrace/api';

/** A component's module is read when a configuration first names its class. */
export const plugin = definePlugin({
  configProviders: [
    {
      className: 'com.example.NameConfigProvider',
      load: async () => (await import('./config-provider.ts')).configProvider,
    },
  ],
});

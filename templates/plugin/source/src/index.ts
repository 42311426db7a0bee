import { definePlugin } from 'millrace/api';

/** A component's module is read when a configuration first names its class. */
export const plugin = definePlugin({
  sources: [
    {
      className: 'com.example.NameSourceConnector',
      load: async () => (await import('./source.ts')).source,
    },
  ],
});

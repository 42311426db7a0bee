import { definePlugin } from 'millrace/api';

/** A component's module is read when a configuration first names its class. */
export const plugin = definePlugin({
  transforms: [
    {
      className: 'com.example.Name',
      load: async () => (await import('./transform.ts')).transform,
    },
  ],
});

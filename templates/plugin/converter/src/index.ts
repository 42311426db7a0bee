import { definePlugin } from 'millrace/api';

/** A component's module is read when a configuration first names its class. */
export const plugin = definePlugin({
  converters: [
    {
      className: 'com.example.NameConverter',
      load: async () => (await import('./converter.ts')).converter,
    },
  ],
});

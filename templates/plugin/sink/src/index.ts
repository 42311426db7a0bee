import { definePlugin } from 'millrace/api';

/** A component's module is read when a configuration first names its class. */
export const plugin = definePlugin({
  sinks: [
    {
      className: 'com.example.NameSinkConnector',
      load: async () => (await import('./sink.ts')).sink,
    },
  ],
});

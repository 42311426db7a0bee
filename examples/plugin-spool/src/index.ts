import { definePlugin } from 'millrace/api';

/** Each module is loaded when a configuration first uses its class. */
export const plugin = definePlugin({
  sources: [
    {
      className: 'com.example.spool.SpoolSourceConnector',
      load: async () => (await import('./spool-source.ts')).spoolSource,
    },
  ],
  sinks: [
    {
      className: 'com.example.spool.SpoolSinkConnector',
      load: async () => (await import('./spool-sink.ts')).spoolSink,
    },
  ],
  transforms: [
    { className: 'com.example.spool.MaskEmail', load: async () => (await import('./mask-email.ts')).maskEmail },
  ],
  predicates: [
    {
      className: 'com.example.spool.ValueMatches',
      load: async () => (await import('./value-matches.ts')).valueMatches,
    },
  ],
  converters: [
    {
      className: 'com.example.spool.FormConverter',
      load: async () => (await import('./form-converter.ts')).formConverter,
    },
  ],
  configProviders: [
    {
      className: 'com.example.spool.JsonFileConfigProvider',
      load: async () => (await import('./json-file-provider.ts')).jsonFileProvider,
    },
  ],
});

import { type Config, defineConfig, stringKey } from '../../src/config/spec.ts';

/** The key of Kafka Connect's FileStreamSinkConnector. */
export const config = defineConfig({
  file: stringKey({
    doc: 'The file to which each record is written as a line. Without one, lines go to the standard output of the worker.',
    default: null,
    importance: 'high',
  }),
});

export type FileSinkConfig = Config<typeof config>;

import { type Config, defineConfig, stringKey } from '../../src/config/spec.ts';

/** Kafka Connect's one key. */
export const config = defineConfig({
  file: stringKey({
    doc: 'The file that each record becomes a line of. Without one, lines go to the standard output of the worker.',
    default: null,
    importance: 'high',
  }),
});

export type FileSinkConfig = Config<typeof config>;

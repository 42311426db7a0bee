import { type Config, defineConfig, intKey, nonEmpty, stringKey } from '../../src/config/spec.ts';

/** The keys of Kafka Connect's FileStreamSourceConnector, with its defaults and order. */
export const config = defineConfig({
  file: stringKey({
    doc: 'The file to read lines from. Without one, lines are read from the standard input of the worker.',
    default: null,
    importance: 'high',
  }),
  topic: stringKey({
    doc: 'The topic to which each line is written as a record.',
    importance: 'high',
    check: nonEmpty,
  }),
  'batch.size': intKey({ doc: 'Maximum number of lines in a batch.', default: 2000, importance: 'low' }),
});

export type FileSourceConfig = Config<typeof config>;

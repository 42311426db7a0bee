import { type Config, defineConfig, intKey, nonEmpty, stringKey } from '../../src/config/spec.ts';

/** Kafka Connect's names, defaults and order. */
export const config = defineConfig({
  file: stringKey({
    doc: 'The file whose lines are read. Without one, lines are read from the standard input of the worker.',
    default: null,
    importance: 'high',
  }),
  topic: stringKey({ doc: 'The topic that each line becomes a record of.', importance: 'high', check: nonEmpty }),
  'batch.size': intKey({ doc: 'How many lines are read at once at the most.', default: 2000, importance: 'low' }),
});

export type FileSourceConfig = Config<typeof config>;

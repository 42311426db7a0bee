import { type Config, defineConfig, nonEmpty, type PredicateFactory, stringKey } from 'millrace/api';

const config = defineConfig({
  prefix: stringKey({ doc: 'What the name of the topic must begin with.', importance: 'high', check: nonEmpty }),
});

/** Holds for records of topics whose names begin with a prefix. */
export const predicate: PredicateFactory<Config<typeof config>> = {
  config,
  create: ({ prefix }) => ({ test: ({ topic }) => topic.startsWith(prefix) }),
};

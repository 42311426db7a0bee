import { type Config, defineConfig, javaString, type PredicateFactory, stringKey } from 'millrace/api';

const config = defineConfig({
  pattern: stringKey({
    doc: 'A regular expression that is looked for in the text of the value.',
    check(pattern) {
      try {
        new RegExp(pattern);
        return undefined;
      } catch {
        return 'It is no regular expression';
      }
    },
  }),
});

/** True for records whose values contain a match of the pattern. */
export const valueMatches: PredicateFactory<Config<typeof config>> = {
  config,
  create({ pattern }) {
    const regex = new RegExp(pattern);
    return { test: ({ valueSchema, value }) => value !== null && regex.test(javaString(valueSchema, value)) };
  },
};

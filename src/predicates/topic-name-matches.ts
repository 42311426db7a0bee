import type { PredicateFactory } from '../api/index.ts';
import { javaRegexMatching, regexProblem } from '../config/java-regex.ts';
import type { Config } from '../config/spec.ts';
import { defineConfig, stringKey } from '../config/spec.ts';

const config = defineConfig({
  pattern: stringKey({
    doc: 'A Java regular expression that must match the whole name of the topic.',
    check: regexProblem,
  }),
});

/** Holds for records of topics whose names a pattern matches. */
export const topicNameMatches: PredicateFactory<Config<typeof config>> = {
  config,
  create({ pattern }) {
    const regex = javaRegexMatching(pattern);
    return { test: record => regex.test(record.topic) };
  },
};

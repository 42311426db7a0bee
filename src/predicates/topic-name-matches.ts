import type { PredicateFactory } from '../api/index.ts';
import { cacheResults, javaMatcher, regexProblem } from '../config/java-regex/index.ts';
import type { Config } from '../config/spec.ts';
import { defineConfig, stringKey } from '../config/spec.ts';

const config = defineConfig({
  pattern: stringKey({
    doc: 'A Java regular expression that must match the full name of the topic.',
    check: regexProblem,
  }),
});

/** Kafka Connect's TopicNameMatches: true for records of topics whose full name matches a pattern. */
export const topicNameMatches: PredicateFactory<Config<typeof config>> = {
  config,
  create({ pattern }) {
    const matches = cacheResults(javaMatcher(pattern, { setting: 'pattern of TopicNameMatches' }));
    return { test: record => matches(record.topic) };
  },
};

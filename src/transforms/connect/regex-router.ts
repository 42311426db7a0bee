import type { TransformFactory } from '../../api/index.ts';
import { javaReplacer, regexProblem, replacementProblem } from '../../config/java-regex/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { withTopic } from '../record/record-part.ts';

const config = defineConfig(
  {
    regex: stringKey({
      doc: 'A Java regular expression. Topics whose full name matches are renamed.',
      importance: 'high',
      check: regexProblem,
    }),
    replacement: stringKey({
      doc: `Replacement of the first match: $1 or $\{name} inserts a group, \\$ a dollar sign.`,
      importance: 'high',
    }),
  },
  {
    refine: ({ regex, replacement }) => {
      const problem = replacementProblem(regex, replacement);
      return problem === undefined ? {} : { replacement: problem };
    },
  },
);

/** Kafka Connect's RegexRouter: renames topics with a regular expression. */
export const regexRouter: TransformFactory<Config<typeof config>> = {
  config,
  create({ regex, replacement }) {
    const replaceTopic = javaReplacer(regex, replacement, { setting: 'regex of RegexRouter' });
    // Cache of the new names: a connector has few topics, and each has many records.
    const topics = new Map<string, string>();
    return {
      apply(record) {
        let topic = topics.get(record.topic);
        if (topic === undefined) {
          topic = replaceTopic(record.topic) ?? record.topic;
          if (topics.size < 10_000) topics.set(record.topic, topic);
        }
        return topic === record.topic ? record : withTopic(record, topic);
      },
    };
  },
};

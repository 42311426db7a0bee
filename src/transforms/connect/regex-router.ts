import type { TransformFactory } from '../../api/index.ts';
import { javaReplacer, regexProblem, replacementProblem } from '../../config/java-regex/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, stringKey } from '../../config/spec.ts';
import { withTopic } from '../record/record-part.ts';

const config = defineConfig(
  {
    regex: stringKey({
      doc: 'A Java regular expression. Topics whose whole name it matches are renamed.',
      importance: 'high',
      check: regexProblem,
    }),
    replacement: stringKey({
      doc: `What stands in the place of the first match: $1 or $\{name} is a group, \\$ a dollar.`,
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

/** Kafka Connect's RegexRouter: a new topic name made of the old one. */
export const regexRouter: TransformFactory<Config<typeof config>> = {
  config,
  create({ regex, replacement }) {
    const renamed = javaReplacer(regex, replacement, { setting: 'regex of RegexRouter' });
    // Topics are few, and each comes again and again.
    const topics = new Map<string, string>();
    return {
      apply(record) {
        let topic = topics.get(record.topic);
        if (topic === undefined) {
          topic = renamed(record.topic) ?? record.topic;
          if (topics.size < 10_000) topics.set(record.topic, topic);
        }
        return topic === record.topic ? record : withTopic(record, topic);
      },
    };
  },
};

import type { TransformFactory } from '../api/index.ts';
import { javaRegex, javaRegexMatching, regexProblem } from '../config/java-regex.ts';
import type { Config } from '../config/spec.ts';
import { defineConfig, stringKey } from '../config/spec.ts';
import { DataError } from '../errors.ts';
import { withTopic } from './records.ts';

const config = defineConfig({
  regex: stringKey({
    doc: 'A Java regular expression. Topics whose whole name it matches are renamed.',
    importance: 'high',
    check: regexProblem,
  }),
  replacement: stringKey({
    doc: `What stands in the place of the first match: $1 or $\{name} is a group, \\$ a dollar.`,
    importance: 'high',
  }),
});

/** Kafka Connect's RegexRouter: a new topic name made of the old one. */
export const regexRouter: TransformFactory<Config<typeof config>> = {
  config,
  create({ regex, replacement }) {
    const whole = javaRegexMatching(regex);
    const first = javaRegex(regex);
    const expand = replacementOf(replacement);
    // Topics are few, and each comes again and again.
    const topics = new Map<string, string>();
    const topicOf = (topic: string): string => {
      if (!whole.test(topic)) return topic;
      const match = first.exec(topic) as RegExpExecArray;
      return topic.slice(0, match.index) + expand(match) + topic.slice(match.index + match[0].length);
    };
    return {
      apply(record) {
        let topic = topics.get(record.topic);
        if (topic === undefined) {
          topic = topicOf(record.topic);
          if (topics.size < 10_000) topics.set(record.topic, topic);
        }
        return topic === record.topic ? record : withTopic(record, topic);
      },
    };
  },
};

const references = /\\(?<escaped>.?)|\$(?:(?<digit>\d)|\{(?<name>\w*)\})?(?<digits>\d*)/gs;

/** A replacement as `Matcher.replaceFirst` reads it. Throws DataError for a group that there is not. */
function replacementOf(text: string): (match: RegExpExecArray) => string {
  return match =>
    text.replace(references, (...parts) => {
      const { escaped, digit, name, digits = '' } = parts.at(-1) as Record<string, string | undefined>;
      if (escaped !== undefined) return escaped;
      if (name !== undefined) {
        if (!Object.hasOwn(match.groups ?? {}, name)) throw new DataError(`No group with name {${name}}`);
        return (match.groups?.[name] ?? '') + digits;
      }
      if (digit === undefined) throw new DataError('Illegal group reference');
      // As many digits belong to the group's number as there are groups.
      let taken = 0;
      while (taken < digits.length && Number(digit + digits.slice(0, taken + 1)) < match.length) taken++;
      const group = Number(digit + digits.slice(0, taken));
      if (group >= match.length) throw new DataError(`No group ${group}`);
      return (match[group] ?? '') + digits.slice(taken);
    });
}

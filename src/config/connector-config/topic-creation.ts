import type { ConfigProps } from '../../api/component.ts';
import { javaMatcher, regexProblem } from '../java-regex/index.ts';
import type { Check } from '../spec.ts';
import { defineConfig, intKey, listKey, shortKey } from '../spec.ts';
import { withoutPrefix } from './connector-config.ts';

/** Settings of the topics that a source connector creates (KIP-158). */
export interface TopicCreation {
  /** Settings of the first group whose patterns match the topic, else of the default group. */
  settingsOf(topic: string): TopicSettings;
}

export interface TopicSettings {
  /** -1 for the broker's default. */
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Topic configuration such as `cleanup.policy`. */
  readonly config: Readonly<Record<string, string>>;
}

interface Group extends TopicSettings {
  includes(topic: string): boolean;
}

const positiveOrDefault =
  (message: string): Check<number | null> =>
  value =>
    value === null || value === -1 || value >= 1 ? undefined : message;

const validPatterns: Check<readonly string[]> = list => {
  const problem = list.map(pattern => regexProblem(pattern)).find(one => one !== undefined);
  return problem?.replace('Invalid regex', 'Syntax error in regular expression');
};

const groupConfig = defineConfig({
  include: listKey({ doc: 'Patterns of the topics in this group.', default: [], check: validPatterns }),
  exclude: listKey({
    doc: 'Patterns of topics to exclude from this group. Takes precedence over include.',
    default: [],
    check: validPatterns,
  }),
  'replication.factor': shortKey({
    doc: "Replication factor of new topics; -1 for the broker's default. Defaults to the value of the default group.",
    default: null,
    check: positiveOrDefault(
      "Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default",
    ),
  }),
  partitions: intKey({
    doc: "Number of partitions of new topics; -1 for the broker's default. Defaults to the value of the default group.",
    default: null,
    check: positiveOrDefault("Number of partitions must be positive, or -1 to use the broker's default"),
  }),
});
const groupKeys = new Set(groupConfig.keys.map(key => key.name));

export interface TopicCreationResult {
  readonly creation: TopicCreation | undefined;
  readonly errors: ReadonlyMap<string, readonly string[]>;
}

/** Parses `topic.creation.*`. Without these keys topics have the broker's defaults. */
export function readTopicCreation(props: ConfigProps): TopicCreationResult {
  const errors = new Map<string, readonly string[]>();
  const readGroup = (name: string) => {
    const prefix = `topic.creation.${name}.`;
    const groupProps = withoutPrefix(props, prefix);
    const { config, errors: groupErrors } = groupConfig.check(groupProps);
    for (const [key, messages] of groupErrors) errors.set(prefix + key, messages);
    const topicConfig = Object.entries(groupProps).filter(([key]) => !groupKeys.has(key));
    return { config, topicConfig: Object.fromEntries(topicConfig) };
  };
  const defaultGroup = readGroup('default');
  const defaults: TopicSettings = {
    partitions: defaultGroup.config?.partitions ?? -1,
    replicationFactor: defaultGroup.config?.['replication.factor'] ?? -1,
    config: defaultGroup.topicConfig,
  };
  const groups: Group[] = [];
  for (const name of (props['topic.creation.groups'] ?? '').split(',').map(one => one.trim())) {
    if (name === '' || name === 'default') continue;
    const { config, topicConfig } = readGroup(name);
    if (config === undefined) continue;
    const included = javaMatcher(config.include, { setting: `topic.creation.${name}.include` });
    const excluded = javaMatcher(config.exclude, { setting: `topic.creation.${name}.exclude` });
    groups.push({
      includes: topic => included(topic) && !excluded(topic),
      partitions: config.partitions ?? defaults.partitions,
      replicationFactor: config['replication.factor'] ?? defaults.replicationFactor,
      config: topicConfig,
    });
  }
  const creation = { settingsOf: (topic: string) => groups.find(one => one.includes(topic)) ?? defaults };
  return { creation: errors.size > 0 ? undefined : creation, errors };
}

import type { ConfigProps } from '../../api/component.ts';
import { javaMatcher, regexProblem } from '../java-regex/index.ts';
import type { Check } from '../spec.ts';
import { defineConfig, intKey, listKey, shortKey } from '../spec.ts';
import { withoutPrefix } from './connector-config.ts';

/** How a source connector's topics are made: KIP-158. */
export interface TopicCreation {
  /** Settings for a topic: the first group whose patterns take it, else the default group's. */
  settingsOf(topic: string): TopicSettings;
}

export interface TopicSettings {
  /** -1: the broker's default. */
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Topic configuration such as `cleanup.policy`. */
  readonly config: Readonly<Record<string, string>>;
}

interface Group extends TopicSettings {
  takes(topic: string): boolean;
}

const positive =
  (message: string): Check<number | null> =>
  value =>
    value === null || value === -1 || value >= 1 ? undefined : message;

const patterns: Check<readonly string[]> = list => {
  const problem = list.map(pattern => regexProblem(pattern)).find(one => one !== undefined);
  return problem?.replace('Invalid regex', 'Syntax error in regular expression');
};

const group = defineConfig({
  include: listKey({ doc: 'Patterns of the topics that this group is for.', default: [], check: patterns }),
  exclude: listKey({
    doc: 'Patterns of topics that it is not for, whatever include says.',
    default: [],
    check: patterns,
  }),
  'replication.factor': shortKey({
    doc: "Replicas of a new topic; -1: the broker's default. Without it, as the default group.",
    default: null,
    check: positive(
      "Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default",
    ),
  }),
  partitions: intKey({
    doc: "Partitions of a new topic; -1: the broker's default. Without it, as the default group.",
    default: null,
    check: positive("Number of partitions must be positive, or -1 to use the broker's default"),
  }),
});
const known = new Set(group.keys.map(key => key.name));

export interface TopicCreationRead {
  readonly creation: TopicCreation | undefined;
  readonly errors: ReadonlyMap<string, readonly string[]>;
}

/** Reads `topic.creation.*`. Without any of it topics get the broker's defaults. */
export function readTopicCreation(props: ConfigProps): TopicCreationRead {
  const errors = new Map<string, readonly string[]>();
  const read = (name: string) => {
    const prefix = `topic.creation.${name}.`;
    const own = withoutPrefix(props, prefix);
    const { config, errors: wrong } = group.check(own);
    for (const [key, messages] of wrong) errors.set(prefix + key, messages);
    const rest = Object.entries(own).filter(([key]) => !known.has(key));
    return { config, rest: Object.fromEntries(rest) };
  };
  const fallback = read('default');
  const base: TopicSettings = {
    partitions: fallback.config?.partitions ?? -1,
    replicationFactor: fallback.config?.['replication.factor'] ?? -1,
    config: fallback.rest,
  };
  const groups: Group[] = [];
  for (const name of (props['topic.creation.groups'] ?? '').split(',').map(one => one.trim())) {
    if (name === '' || name === 'default') continue;
    const { config, rest } = read(name);
    if (config === undefined) continue;
    const included = javaMatcher(config.include, { setting: `topic.creation.${name}.include` });
    const excluded = javaMatcher(config.exclude, { setting: `topic.creation.${name}.exclude` });
    groups.push({
      takes: topic => included(topic) && !excluded(topic),
      partitions: config.partitions ?? base.partitions,
      replicationFactor: config['replication.factor'] ?? base.replicationFactor,
      config: rest,
    });
  }
  const creation = { settingsOf: (topic: string) => groups.find(one => one.takes(topic)) ?? base };
  return { creation: errors.size > 0 ? undefined : creation, errors };
}

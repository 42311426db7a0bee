import type { PredicateFactory } from '../api/index.ts';
import type { Named } from '../config/connector-config/class-names.ts';

export interface PredicateEntry extends Named {
  // biome-ignore lint/suspicious/noExplicitAny: each factory's configuration type is its own
  load(): Promise<PredicateFactory<any>>;
}

const connect = 'org.apache.kafka.connect.transforms.predicates';

/** Every predicate. A further one is a file and a line here. */
export const predicates: readonly PredicateEntry[] = [
  { names: [`${connect}.HasHeaderKey`], load: async () => (await import('./has-header-key.ts')).hasHeaderKey },
  {
    names: [`${connect}.RecordIsTombstone`],
    load: async () => (await import('./record-is-tombstone.ts')).recordIsTombstone,
  },
  {
    names: [`${connect}.TopicNameMatches`],
    load: async () => (await import('./topic-name-matches.ts')).topicNameMatches,
  },
];

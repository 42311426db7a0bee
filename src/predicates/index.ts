import type { PredicateFactory } from '../api/index.ts';
import type { NamedComponent } from '../config/connector-config/class-names.ts';

/** A predicate class and its module, imported on first use. */
export interface PredicateEntry extends NamedComponent {
  // biome-ignore lint/suspicious/noExplicitAny: each factory's configuration type is its own
  load(): Promise<PredicateFactory<any>>;
}

const connect = 'org.apache.kafka.connect.transforms.predicates';

/** All built-in predicates. A new predicate is a file and an entry here. */
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

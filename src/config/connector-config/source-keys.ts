import { enumKey, intKey, longKey, nonEmpty, stringKey } from '../spec.ts';
import { aliasList } from './common-keys.ts';

/** `millrace.commit.interval.ms` of source connectors. */
export const COMMIT_INTERVAL = { key: 'millrace.commit.interval.ms', defaultMs: 10, maxMs: 60_000 } as const;

export const sourceKeys = {
  'topic.creation.groups': aliasList(
    'Groups of topics that are created with their own settings: topic.creation.<group>.include and so on.',
    'Topic Creation',
    1,
  ),
  'exactly.once.support': enumKey(['required', 'requested'], {
    doc: "'required' rejects connectors without exactly-once support; 'requested' accepts them.",
    default: 'requested',
    group: 'Exactly Once Support',
    order: 2,
    width: 'short',
    displayName: 'Exactly once support',
  }),
  'transaction.boundary': enumKey(['interval', 'poll', 'connector'], {
    doc: "Boundaries of Kafka transactions, which always coincide with transactions of the source. 'interval': small transactions are combined for transaction.boundary.interval.ms.",
    default: 'poll',
    group: 'Exactly Once Support',
    order: 3,
    width: 'short',
    displayName: 'Transaction Boundary',
    check: boundary =>
      boundary === 'connector'
        ? 'The connector does not support connector-defined transaction boundaries with the given configuration. Please use another transaction boundary.'
        : undefined,
  }),
  'transaction.boundary.interval.ms': longKey({
    doc: "Milliseconds between two commits if transaction.boundary is 'interval'; 60000 by default. millrace.commit.interval.ms takes precedence.",
    default: null,
    importance: 'low',
    group: 'Exactly Once Support',
    order: 4,
    width: 'short',
    displayName: 'Transaction boundary interval',
    check: value => {
      if (value === null || (value >= 0 && value <= COMMIT_INTERVAL.maxMs)) return undefined;
      return value < 0 ? 'Value must be at least 0' : `Value must be at most ${COMMIT_INTERVAL.maxMs}`;
    },
  }),
  [COMMIT_INTERVAL.key]: intKey({
    doc:
      'Minimum milliseconds between the starts of two Kafka transactions of a task, while they are small. A larger interval ' +
      'reduces the load of the brokers and adds at most that much latency; 0 commits without a pause. A change after a pause ' +
      'is committed at once.',
    default: COMMIT_INTERVAL.defaultMs,
    importance: 'medium',
    group: 'Exactly Once Support',
    order: 5,
    width: 'short',
    displayName: 'Commit interval',
    check: value =>
      value >= 0 && value <= COMMIT_INTERVAL.maxMs ? undefined : `Value must be from 0 to ${COMMIT_INTERVAL.maxMs}`,
  }),
  'offsets.storage.topic': stringKey({
    doc: "Topic for the offsets of this connector, instead of the worker's offset.storage.topic.",
    default: null,
    importance: 'low',
    group: 'offsets.topic',
    order: 1,
    width: 'long',
    displayName: 'Offsets topic',
    check: topic => (topic === null ? undefined : nonEmpty(topic)),
  }),
};

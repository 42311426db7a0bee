import { atLeast, enumKey, intKey, listKey, longKey } from '../../../src/config/spec.ts';
import { expressionList } from './filter-keys.ts';

const snapshot = { group: 'Connector Snapshot', importance: 'medium' } as const;

/** Keys of the snapshot. */
export const snapshotKeys = {
  'snapshot.mode': enumKey(['always', 'initial', 'initial_only', 'no_data', 'never', 'when_needed'], {
    ...snapshot,
    default: 'initial',
    doc: "When the tables are read: 'initial' before the first streaming, 'always' before each, 'when_needed' also when the position is lost, 'no_data' (or 'never') not at all; 'initial_only' reads them and does not stream.",
  }),
  'snapshot.max.threads': intKey({
    ...snapshot,
    default: 1,
    check: atLeast(1),
    doc: 'Number of sessions that read chunks concurrently.',
  }),
  'snapshot.include.collection.list': expressionList(
    'Regular expressions of the captured tables that snapshots read; all by default.',
    'medium',
  ),
  'snapshot.select.statement.overrides': listKey({
    ...snapshot,
    width: 'long',
    default: [],
    doc: "Tables (schema.table) whose rows a snapshot selects by the statement in 'snapshot.select.statement.overrides.<schema.table>'.",
  }),
  'snapshot.lock.timeout.ms': longKey({
    ...snapshot,
    default: 10_000,
    check: atLeast(0),
    doc: 'Longest wait of a chunk for a table that is being altered.',
  }),
  'snapshot.delay.ms': longKey({
    ...snapshot,
    importance: 'low',
    default: 0,
    check: atLeast(0),
    doc: 'Delay before a snapshot.',
  }),
  'streaming.delay.ms': longKey({
    ...snapshot,
    importance: 'low',
    default: 0,
    check: atLeast(0),
    doc: 'Delay between a snapshot and streaming.',
  }),
} as const;

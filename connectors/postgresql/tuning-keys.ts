import { atLeast, booleanKey, classKey, enumKey, intKey, longKey } from '../../src/config/spec.ts';

/**
 * Keys that tune parts of Debezium's connector that this one does not have. Their values change no record and no
 * promise, so that they are accepted; a task that is given another one than the default logs what counts instead.
 */
const group = { group: 'Connector', importance: 'low' } as const;
const by = (instead: string): string => `Accepted and without effect: ${instead}.`;
const BATCHES = 'changes are read in batches of 2 MiB at most and handed on as they come';
const CHUNKS = 'tables are read in chunks that are sized in bytes';
const RETRIES = 'a task that fails for a reason that passes is retried by Temporal, after longer and longer waits';
const SCHEMAS = 'schemas are those that the server sends with the changes';
const storage = 'io.debezium.relational.ConcurrentMapTableMappingStorage';

export const tuningKeys = {
  'max.batch.size': intKey({ ...group, default: 2048, check: atLeast(1), doc: by(BATCHES) }),
  'max.queue.size': intKey({ ...group, default: 8192, check: atLeast(1), doc: by(BATCHES) }),
  'max.queue.size.in.bytes': longKey({ ...group, default: 0, check: atLeast(0), doc: by(BATCHES) }),
  'poll.interval.ms': longKey({ ...group, default: 500, check: atLeast(1), doc: by(BATCHES) }),
  'query.fetch.size': intKey({ ...group, default: 0, check: atLeast(0), doc: by(CHUNKS) }),
  'snapshot.fetch.size': intKey({ ...group, default: null, doc: by(CHUNKS) }),
  'incremental.snapshot.chunk.size': intKey({ ...group, default: 1024, check: atLeast(1), doc: by(CHUNKS) }),
  'snapshot.max.threads.multiplier': intKey({ ...group, default: 1, check: atLeast(1), doc: by(CHUNKS) }),
  'legacy.snapshot.max.threads': booleanKey({ ...group, default: false, doc: by(CHUNKS) }),
  'internal.legacy.snapshot.max.threads': booleanKey({ ...group, default: false, doc: by(CHUNKS) }),
  'internal.snapshot.scan.all.columns.force': booleanKey({ ...group, default: false, doc: by(CHUNKS) }),
  'retriable.restart.connector.wait.ms': longKey({ ...group, default: 10_000, check: atLeast(0), doc: by(RETRIES) }),
  'executor.shutdown.timeout.ms': longKey({
    ...group,
    default: 4000,
    check: atLeast(0),
    doc: by('a task has task.shutdown.graceful.timeout.ms of the worker to end'),
  }),
  'schema.refresh.mode': enumKey(['columns_diff', 'columns_diff_exclude_unchanged_toast'], {
    ...group,
    default: 'columns_diff',
    doc: by(SCHEMAS),
  }),
  'memory.management.schemas.class': classKey({ ...group, default: storage, doc: by(SCHEMAS) }),
  'memory.management.tables.class': classKey({ ...group, default: storage, doc: by(SCHEMAS) }),
  'lsn.flush.timeout.ms': longKey({
    ...group,
    default: 30_000,
    check: atLeast(1),
    doc: by('the slot is acknowledged when Kafka has committed, for as long as it takes'),
  }),
  'statistics.metrics.enabled': booleanKey({ ...group, default: true, doc: by('GET /metrics has all figures') }),
  'internal.advanced.metrics.enable': booleanKey({ ...group, default: false, doc: by('GET /metrics has all figures') }),
  'internal.log.position.check.enable': booleanKey({
    ...group,
    default: true,
    doc: by('a stored position is always compared with the slot; see offset.mismatch.strategy'),
  }),
  'internal.offset.activity.monitor.interval.ms': longKey({
    ...group,
    default: 600_000,
    doc: by('GET /metrics tells how far behind a task is'),
  }),
} as const;

/** Sentences about keys that are given another value than their default. */
export function idleSettings(config: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(tuningKeys).flatMap(([name, { options }]) =>
    config[name] === options.default ? [] : [`${name}: ${options.doc}`],
  );
}

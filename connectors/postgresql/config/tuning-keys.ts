import { atLeast, booleanKey, classKey, enumKey, intKey, longKey } from '../../../src/config/spec.ts';

/**
 * Keys that tune parts of Debezium's connector that this one does not have. Their values change neither records nor
 * guarantees, so they are accepted; a task logs a warning for a value that is not the default.
 */
const group = { group: 'Connector', importance: 'low' } as const;
const ignored = (instead: string): string => `Accepted and without effect: ${instead}.`;
const BATCHES = 'changes are read in batches of at most 2 MiB, without a polling interval';
const CHUNKS = 'tables are read in chunks of a size in bytes';
const RETRIES = 'Temporal retries a task with a retriable error, with backoff';
const SCHEMAS = 'the server sends schemas with the changes';
const storage = 'io.debezium.relational.ConcurrentMapTableMappingStorage';

export const tuningKeys = {
  'max.batch.size': intKey({ ...group, default: 2048, check: atLeast(1), doc: ignored(BATCHES) }),
  'max.queue.size': intKey({ ...group, default: 8192, check: atLeast(1), doc: ignored(BATCHES) }),
  'max.queue.size.in.bytes': longKey({ ...group, default: 0, check: atLeast(0), doc: ignored(BATCHES) }),
  'poll.interval.ms': longKey({ ...group, default: 500, check: atLeast(1), doc: ignored(BATCHES) }),
  'query.fetch.size': intKey({ ...group, default: 0, check: atLeast(0), doc: ignored(CHUNKS) }),
  'snapshot.fetch.size': intKey({ ...group, default: null, doc: ignored(CHUNKS) }),
  'incremental.snapshot.chunk.size': intKey({ ...group, default: 1024, check: atLeast(1), doc: ignored(CHUNKS) }),
  'snapshot.max.threads.multiplier': intKey({ ...group, default: 1, check: atLeast(1), doc: ignored(CHUNKS) }),
  'legacy.snapshot.max.threads': booleanKey({ ...group, default: false, doc: ignored(CHUNKS) }),
  'internal.legacy.snapshot.max.threads': booleanKey({ ...group, default: false, doc: ignored(CHUNKS) }),
  'internal.snapshot.scan.all.columns.force': booleanKey({ ...group, default: false, doc: ignored(CHUNKS) }),
  'retriable.restart.connector.wait.ms': longKey({
    ...group,
    default: 10_000,
    check: atLeast(0),
    doc: ignored(RETRIES),
  }),
  'executor.shutdown.timeout.ms': longKey({
    ...group,
    default: 4000,
    check: atLeast(0),
    doc: ignored('task.shutdown.graceful.timeout.ms of the worker limits the end of a task'),
  }),
  'schema.refresh.mode': enumKey(['columns_diff', 'columns_diff_exclude_unchanged_toast'], {
    ...group,
    default: 'columns_diff',
    doc: ignored(SCHEMAS),
  }),
  'memory.management.schemas.class': classKey({ ...group, default: storage, doc: ignored(SCHEMAS) }),
  'memory.management.tables.class': classKey({ ...group, default: storage, doc: ignored(SCHEMAS) }),
  'lsn.flush.timeout.ms': longKey({
    ...group,
    default: 30_000,
    check: atLeast(1),
    doc: ignored('the slot is acknowledged after the commit in Kafka, without a timeout'),
  }),
  'statistics.metrics.enabled': booleanKey({ ...group, default: true, doc: ignored('GET /metrics has all figures') }),
  'internal.advanced.metrics.enable': booleanKey({
    ...group,
    default: false,
    doc: ignored('GET /metrics has all figures'),
  }),
  'internal.log.position.check.enable': booleanKey({
    ...group,
    default: true,
    doc: ignored('a stored position is always compared with the slot; see offset.mismatch.strategy'),
  }),
  'internal.offset.activity.monitor.interval.ms': longKey({
    ...group,
    default: 600_000,
    doc: ignored('GET /metrics shows the lag of a task'),
  }),
} as const;

/** Warnings about keys of this list with another value than their default. */
export function ignoredSettings(config: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(tuningKeys).flatMap(([name, { options }]) =>
    config[name] === options.default ? [] : [`${name}: ${options.doc}`],
  );
}

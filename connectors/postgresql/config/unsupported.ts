import type { ConfigProps } from '../../../src/api/index.ts';
import { strategies } from '../../../src/cdc/naming/topic-naming.ts';

/**
 * Keys of Debezium's connector that change records or guarantees and that are not supported. A connector with one of them
 * is rejected instead of behaving differently without an error. Values that change nothing are accepted.
 */
const NO_EFFECT = ['', 'false', 'none'];
const BACKFILLS = 'ask for backfills over the API';
const PROGRESS = 'progress is in the status, the metrics and the Temporal UI';
const SNAPSHOTS = 'use snapshot.mode=initial, initial_only, always, when_needed or no_data';
const LOCKS = 'a snapshot locks no table, and reads each chunk in its own repeatable-read transaction';

const unsupportedKeys: readonly (readonly [key: RegExp, accepted: readonly string[], instead: string])[] = [
  [/^column\.mask\./, [], 'use the MaskField transform'],
  [/^column\.truncate\./, [], 'use a transform'],
  [/^include\.schema\.comments$/, NO_EFFECT, 'leave it out'],
  [/^converters$/, NO_EFFECT, 'use a transform'],
  [/^post\.processors$/, NO_EFFECT, 'use a transform'],
  [/^signal\.data\.collection$/, NO_EFFECT, `${BACKFILLS}, not by rows in a table`],
  [/^signal\.enabled\.channels$/, [...NO_EFFECT, 'source'], BACKFILLS],
  [/^signal\.poll\.interval\.ms$/, ['', '5000'], BACKFILLS],
  [/^signal\.emit\.failure\.max\.retries$/, ['', '0'], BACKFILLS],
  [/^signal\.emit\.failure\.backoff\.ms$/, ['', '10000'], BACKFILLS],
  [/^internal\.signal\.synchronous\.batch\.size$/, ['', '10'], BACKFILLS],
  [/^internal\.signal\.processor\.semaphore\.wait\.ms$/, ['', '10000'], BACKFILLS],
  [/^signal\.(kafka|file)(\.|$)/, [], BACKFILLS],
  [/^incremental\.snapshot\.allow\.schema\.changes$/, NO_EFFECT, BACKFILLS],
  [/^incremental\.snapshot\.watermarking\.strategy$/, ['', 'insert_insert'], `${BACKFILLS}, which write no watermarks`],
  [/^notification\.enabled\.channels$/, NO_EFFECT, PROGRESS],
  [/^notification\.sink\.topic\.name$/, [''], PROGRESS],
  [/^notification\.http\.url$/, [''], PROGRESS],
  [/^notification\.http\.timeout\.ms$/, ['', '5000'], PROGRESS],
  [/^notification\.http\.retries$/, ['', '2'], PROGRESS],
  [/^notification\.http\.allow\.private\.networks$/, NO_EFFECT, PROGRESS],
  [/^snapshot\.mode\.custom\.name$/, [''], SNAPSHOTS],
  [/^snapshot\.mode\.configuration\.based\./, NO_EFFECT, SNAPSHOTS],
  [/^snapshot\.query\.mode$/, ['', 'select_all'], 'use snapshot.select.statement.overrides'],
  [/^snapshot\.query\.mode\.custom\.name$/, [''], 'use snapshot.select.statement.overrides'],
  [/^snapshot\.locking\.mode$/, NO_EFFECT, LOCKS],
  [/^snapshot\.locking\.mode\.custom\.name$/, [''], LOCKS],
  [/^snapshot\.isolation\.mode$/, ['', 'serializable', 'repeatable_read'], LOCKS],
  [/^snapshot\.tables\.order\.by\.row\.count$/, ['', 'disabled'], 'leave it out'],
  [/^event\.processing\.failure\.handling\.mode$/, ['', 'fail'], 'use errors.tolerance, and errors.log.enable'],
  [/^event\.converting\.failure\.handling\.mode$/, ['', 'warn'], 'use errors.tolerance, and errors.log.enable'],
  [/^errors\.max\.retries$/, ['', '-1'], 'retriable errors are retried without a limit'],
  [/^table\.ignore\.builtin$/, ['', 'true'], 'tables of the system are not captured'],
  [/^database\.(include|exclude)\.list$/, [''], 'a connector captures one database: use database.dbname'],
  [/^lsn\.flush\.timeout\.action$/, ['', 'fail'], 'the slot is acknowledged after the commit in Kafka'],
  [/^guardrail\.collections\.max$/, ['', '0'], 'choose tables with table.include.list'],
  [/^guardrail\.collections\.limit\.action$/, ['', 'warn'], 'choose tables with table.include.list'],
  [/^custom\.metric\.tags$/, [''], 'metrics have the labels connector and task; add others in Prometheus'],
  [
    /^custom\.sanitize\.pattern$/,
    [
      '',
      '.*secret$|.*password$|.*sasl\\.jaas\\.config$|.*basic\\.auth\\.user\\.info|.*registry\\.auth\\.client-secret|.*credentials\\.json$|.*connectionstring$|.*connection\\.string$',
    ],
    'keep a secret outside of the configuration with a configuration provider',
  ],
  [/^openlineage\.integration\.enabled$/, NO_EFFECT, 'lineage is not reported'],
  [/^openlineage\./, ['', './openlineage.yml', 'debezium change data capture job'], 'lineage is not reported'],
  [/^xmin\.fetch\.interval\.ms$/, ['0', ''], 'source.xmin is always null'],
  [/^replica\.identity\.autoset\.values$/, NO_EFFECT, 'run ALTER TABLE … REPLICA IDENTITY yourself'],
  [/^slot\.stream\.params$/, NO_EFFECT, 'pgoutput gets all parameters that it needs'],
  [/^database\.sslfactory$/, NO_EFFECT, 'use database.sslmode'],
  [/^lsn\.flush\.mode$/, ['', 'connector'], 'the slot is always acknowledged after the commit in Kafka'],
  [/^flush\.lsn\.source$/, ['', 'true'], 'the slot is always acknowledged after the commit in Kafka'],
  [/^topic\.naming\.strategy$/, ['', ...strategies], 'use the RegexRouter transform'],
  [
    /^sourceinfo\.struct\.maker$/,
    ['', 'io.debezium.connector.postgresql.PostgresSourceInfoStructMaker'],
    'use a transform',
  ],
  [
    /^transaction\.metadata\.factory$/,
    ['', 'io.debezium.pipeline.txmetadata.DefaultTransactionMetadataFactory'],
    'use a transform',
  ],
];

/** Returns messages by key. */
export function unsupported(props: ConfigProps): Record<string, string> {
  const messages: Record<string, string> = {};
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    const entry = unsupportedKeys.find(([key]) => key.test(name));
    if (entry === undefined || entry[1].includes(value.trim().toLowerCase()) || entry[1].includes(value.trim()))
      continue;
    messages[name] = `Invalid value ${value} for configuration ${name}: it is not supported; ${entry[2]}`;
  }
  return messages;
}

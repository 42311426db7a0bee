import type { ConfigProps } from '../../src/api/index.ts';
import { strategies } from '../../src/cdc/naming/topic-naming.ts';

/**
 * Keys of Debezium's connector that change what records hold, or what is promised, and that are not served here: better
 * no connector than one that quietly does something else. A value that asks for nothing is taken.
 */
const NOTHING = ['', 'false', 'none'];
const BACKFILLS = 'ask for backfills over the API';
const PROGRESS = 'progress is in the status, the metrics and the Temporal UI';
const SNAPSHOTS = 'use snapshot.mode=initial, initial_only, always, when_needed or no_data';
const LOCKS = 'a snapshot locks no table, and reads each chunk in a repeatable-read transaction of its own';

const unserved: readonly (readonly [key: RegExp, taken: readonly string[], instead: string])[] = [
  [/^column\.mask\./, [], 'use the MaskField transform'],
  [/^column\.truncate\./, [], 'use a transform'],
  [/^include\.schema\.comments$/, NOTHING, 'leave it out'],
  [/^converters$/, NOTHING, 'use a transform'],
  [/^post\.processors$/, NOTHING, 'use a transform'],
  [/^signal\.data\.collection$/, NOTHING, `${BACKFILLS}, not by rows in a table`],
  [/^signal\.enabled\.channels$/, [...NOTHING, 'source'], BACKFILLS],
  [/^signal\.poll\.interval\.ms$/, ['', '5000'], BACKFILLS],
  [/^signal\.emit\.failure\.max\.retries$/, ['', '0'], BACKFILLS],
  [/^signal\.emit\.failure\.backoff\.ms$/, ['', '10000'], BACKFILLS],
  [/^internal\.signal\.synchronous\.batch\.size$/, ['', '10'], BACKFILLS],
  [/^internal\.signal\.processor\.semaphore\.wait\.ms$/, ['', '10000'], BACKFILLS],
  [/^signal\.(kafka|file)(\.|$)/, [], BACKFILLS],
  [/^incremental\.snapshot\.allow\.schema\.changes$/, NOTHING, BACKFILLS],
  [/^incremental\.snapshot\.watermarking\.strategy$/, ['', 'insert_insert'], `${BACKFILLS}, which write no watermarks`],
  [/^notification\.enabled\.channels$/, NOTHING, PROGRESS],
  [/^notification\.sink\.topic\.name$/, [''], PROGRESS],
  [/^notification\.http\.url$/, [''], PROGRESS],
  [/^notification\.http\.timeout\.ms$/, ['', '5000'], PROGRESS],
  [/^notification\.http\.retries$/, ['', '2'], PROGRESS],
  [/^notification\.http\.allow\.private\.networks$/, NOTHING, PROGRESS],
  [/^snapshot\.mode\.custom\.name$/, [''], SNAPSHOTS],
  [/^snapshot\.mode\.configuration\.based\./, NOTHING, SNAPSHOTS],
  [/^snapshot\.query\.mode$/, ['', 'select_all'], 'use snapshot.select.statement.overrides'],
  [/^snapshot\.query\.mode\.custom\.name$/, [''], 'use snapshot.select.statement.overrides'],
  [/^snapshot\.locking\.mode$/, NOTHING, LOCKS],
  [/^snapshot\.locking\.mode\.custom\.name$/, [''], LOCKS],
  [/^snapshot\.isolation\.mode$/, ['', 'serializable', 'repeatable_read'], LOCKS],
  [/^snapshot\.tables\.order\.by\.row\.count$/, ['', 'disabled'], 'leave it out'],
  [/^event\.processing\.failure\.handling\.mode$/, ['', 'fail'], 'use errors.tolerance, and errors.log.enable'],
  [/^event\.converting\.failure\.handling\.mode$/, ['', 'warn'], 'use errors.tolerance, and errors.log.enable'],
  [/^errors\.max\.retries$/, ['', '-1'], 'what passes by itself is retried for as long as it lasts'],
  [/^table\.ignore\.builtin$/, ['', 'true'], 'tables of the system are not captured'],
  [/^database\.(include|exclude)\.list$/, [''], 'a connector captures one database: use database.dbname'],
  [/^lsn\.flush\.timeout\.action$/, ['', 'fail'], 'the slot is acknowledged when Kafka has committed'],
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
  [/^openlineage\.integration\.enabled$/, NOTHING, 'lineage is not reported'],
  [/^openlineage\./, ['', './openlineage.yml', 'debezium change data capture job'], 'lineage is not reported'],
  [/^xmin\.fetch\.interval\.ms$/, ['0', ''], 'source.xmin is always null'],
  [/^replica\.identity\.autoset\.values$/, NOTHING, 'run ALTER TABLE … REPLICA IDENTITY yourself'],
  [/^slot\.stream\.params$/, NOTHING, 'pgoutput is given all it needs'],
  [/^database\.sslfactory$/, NOTHING, 'use database.sslmode'],
  [/^lsn\.flush\.mode$/, ['', 'connector'], 'the slot is always acknowledged behind Kafka'],
  [/^flush\.lsn\.source$/, ['', 'true'], 'the slot is always acknowledged behind Kafka'],
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

/** Messages by key. */
export function unsupported(props: ConfigProps): Record<string, string> {
  const messages: Record<string, string> = {};
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    const found = unserved.find(([key]) => key.test(name));
    if (found === undefined || found[1].includes(value.trim().toLowerCase()) || found[1].includes(value.trim()))
      continue;
    messages[name] = `Invalid value ${value} for configuration ${name}: it is not supported; ${found[2]}`;
  }
  return messages;
}

import type { ConfigProps } from '../../src/api/index.ts';
import { strategies } from './topic-naming.ts';

/**
 * Keys of Debezium's connector that change what records hold, or what is promised, and that are not served here: better
 * no connector than one that quietly does something else. A value that asks for nothing is taken.
 */
const NOTHING = ['', 'false', 'none'];

const unserved: readonly (readonly [key: RegExp, taken: readonly string[], instead: string])[] = [
  [/^column\.mask\./, [], 'use the MaskField transform'],
  [/^column\.truncate\./, [], 'use a transform'],
  [/^include\.schema\.comments$/, NOTHING, 'leave it out'],
  [/^converters$/, NOTHING, 'use a transform'],
  [/^post\.processors$/, NOTHING, 'use a transform'],
  [/^signal\.data\.collection$/, NOTHING, 'ask for backfills over the API, not by rows in a table'],
  [/^signal\.enabled\.channels$/, [...NOTHING, 'source'], 'ask for backfills over the API'],
  [/^notification\.enabled\.channels$/, NOTHING, 'progress is in the status, the metrics and the Temporal UI'],
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

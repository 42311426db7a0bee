import type { RetryLimit } from '../retries.ts';
import type { Destination } from './destination.ts';

export type InsertMode = 'insert' | 'upsert' | 'update';
export type PkMode = 'none' | 'kafka' | 'record_key' | 'record_value' | 'record_header';

/** Settings of the sink, from Confluent's or Debezium's configuration keys. */
export interface Settings {
  readonly destination: Destination;
  readonly insertMode: InsertMode;
  readonly pkMode: PkMode;
  /** Configured fields; empty for the mode's default. */
  readonly pkFields: readonly string[];
  /** Delete events and tombstones delete rows; otherwise they are ignored. */
  readonly deleteEnabled: boolean;
  /** Debezium's truncate events truncate the table; otherwise they are ignored. */
  readonly truncateEnabled: boolean;
  readonly createTables: boolean;
  readonly addColumns: boolean;
  /** Table name with the placeholders `${topic}` and, for Debezium, `${source.…}`. */
  readonly tableFormat: string;
  /** Dots in `${topic}` become underscores, as in Debezium. */
  readonly dotsToUnderscores: boolean;
  /** Names keep their case; otherwise PostgreSQL folds them to lower case. */
  readonly quoteIdentifiers: boolean;
  /** Types of relation that may be written to. */
  readonly tableTypes: readonly TableType[];
  /** True if a field of a topic's values is written; key columns always are. */
  readonly includesField: (topic: string, field: string) => boolean;
  /** True for the schema name of a CloudEvent, whose field `data` is the row. */
  readonly isCloudEvent: (schemaName: string) => boolean;
  /** Session time zone: an IANA name, or an offset such as `+02:00`. */
  readonly timeZone: string;
  /** Schema of the PostGIS types. */
  readonly postgisSchema: string;
  /** Maximum number of rows in one statement. */
  readonly maxStatementRows: number;
  /** A null of a field that has a default is written as the default. */
  readonly replaceNulls: boolean;
  readonly instantFields: InstantFields;
  readonly connectRetries: RetryLimit;
  readonly writeRetries: RetryLimit;
  readonly names: SettingNames;
}

/** Fields whose numbers, or strings of digits, are instants. */
export interface InstantFields {
  readonly names: ReadonlySet<string>;
  readonly unit: 'microseconds' | 'nanoseconds';
}

export type TableType = 'TABLE' | 'PARTITIONED TABLE' | 'VIEW';

/** Names of configuration keys, for error messages. */
export interface SettingNames {
  readonly create: string;
  readonly evolve: string;
  readonly pkMode: string;
  readonly pkFields: string;
  readonly tableFormat: string;
  readonly deletes: string;
}

/** Placeholder of the topic's name in a table's name. */
export const topicPlaceholder = `$\{topic}`;

export const defaultKafkaColumns = ['__connect_topic', '__connect_partition', '__connect_offset'] as const;

/** Errors of combinations of keys, by key. Messages are Confluent's where it has them. */
export function crossKeyErrors(settings: Settings): Record<string, string> {
  const { names, insertMode, pkMode, pkFields, deleteEnabled: deletes } = settings;
  const errors: Record<string, string> = {};
  if (deletes && pkMode !== 'record_key') {
    const message = `Deletes are only supported for ${names.pkMode} record_key`;
    errors[names.deletes] = message;
    errors[names.pkMode] = message;
  } else if (insertMode !== 'insert' && pkMode === 'none') {
    errors[names.pkMode] =
      `Writing in ${insertMode.toUpperCase()} mode requires key field names to be known, check the primary key configuration: set ${names.pkMode} to record_key, record_value or kafka`;
  }
  if (pkMode === 'kafka' && pkFields.length !== 0 && pkFields.length !== 3) {
    errors[names.pkFields] =
      `PK mode for table is kafka so there should either be no field names defined for defaults ${defaultKafkaColumns.join(',')} to be applicable, or exactly 3, defined fields are: ${pkFields.join(',')}`;
  }
  return errors;
}

/** Checks that PostgreSQL and Java both know the time zone. */
export function timeZoneCheck(name: string): string | undefined {
  if (offsetOf(name) !== undefined) return undefined;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return undefined;
  } catch {
    return 'Invalid time zone identifier';
  }
}

/** ±HH:MM east of Greenwich of `Z`, `+2`, `UTC+02:00` or `GMT-3`; undefined for zone names. */
export function offsetOf(zone: string): string | undefined {
  if (zone === 'Z') return '+00:00';
  const match = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(zone);
  if (match === null) return undefined;
  const [, sign, hours = '', minutes = '00'] = match;
  return Number(hours) <= 18 && Number(minutes) < 60 ? `${sign}${hours.padStart(2, '0')}:${minutes}` : undefined;
}

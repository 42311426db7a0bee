import type { RetryLimit } from '../retries.ts';
import type { Destination } from './destination.ts';

export type InsertMode = 'insert' | 'upsert' | 'update';
export type PkMode = 'none' | 'kafka' | 'record_key' | 'record_value' | 'record_header';

/** What both families of configuration names come down to. */
export interface Settings {
  readonly destination: Destination;
  readonly insertMode: InsertMode;
  readonly pkMode: PkMode;
  /** As configured; empty where the mode's own default holds. */
  readonly pkFields: readonly string[];
  /** Deletes and tombstones delete rows; else they are passed over. */
  readonly deletes: boolean;
  /** Debezium's truncate events truncate; else they are passed over. */
  readonly truncates: boolean;
  readonly createTables: boolean;
  readonly addColumns: boolean;
  /** `${topic}` and, for Debezium, `${source.…}`. */
  readonly tableFormat: string;
  /** Debezium's rule: dots in `${topic}` become underscores. */
  readonly dotsToUnderscores: boolean;
  /** Names are used as they are; else PostgreSQL's folding to lower case applies to them. */
  readonly quoted: boolean;
  /** Kinds of relation that may be written to. */
  readonly tableTypes: readonly TableType[];
  /** Whether a field of a topic's values is written; key columns always are. */
  readonly writes: (topic: string, field: string) => boolean;
  /** True for the schema name of a CloudEvent, which holds the row in its field `data`. */
  readonly isCloudEvent: (schemaName: string) => boolean;
  /** Session time zone: an IANA name, or an offset such as `+02:00`. */
  readonly timeZone: string;
  /** Schema of the PostGIS types. */
  readonly postgis: string;
  /** Rows in one statement at most. */
  readonly statementRows: number;
  /** Nulls of fields that have a default are written as that. */
  readonly replaceNulls: boolean;
  readonly instants: InstantFields;
  readonly connecting: RetryLimit;
  readonly writing: RetryLimit;
  readonly names: SettingNames;
}

/** Fields whose numbers, or texts of numbers, are instants. */
export interface InstantFields {
  readonly names: ReadonlySet<string>;
  readonly unit: 'microseconds' | 'nanoseconds';
}

export type TableType = 'TABLE' | 'PARTITIONED TABLE' | 'VIEW';

/** The names that the user's configuration has for things, for messages that say what to change. */
export interface SettingNames {
  readonly create: string;
  readonly evolve: string;
  readonly pkMode: string;
  readonly pkFields: string;
  readonly tableFormat: string;
  readonly deletes: string;
}

/** What stands for the topic's name in a table's name. */
export const topicMark = `$\{topic}`;

export const defaultKafkaColumns = ['__connect_topic', '__connect_partition', '__connect_offset'] as const;

/** What Debezium puts where an unchanged large value was not sent: its `unavailable.value.placeholder`. */
export const unavailable = '__debezium_unavailable_value';

/** What no key says alone, by the family's own names. Messages are Confluent's where it has one. */
export function contradictions(settings: Settings): Record<string, string> {
  const { names, insertMode, pkMode, pkFields, deletes } = settings;
  const wrong: Record<string, string> = {};
  if (deletes && pkMode !== 'record_key') {
    const message = `Deletes are only supported for ${names.pkMode} record_key`;
    wrong[names.deletes] = message;
    wrong[names.pkMode] = message;
  } else if (insertMode !== 'insert' && pkMode === 'none') {
    wrong[names.pkMode] =
      `Writing in ${insertMode.toUpperCase()} mode requires key field names to be known, check the primary key configuration: set ${names.pkMode} to record_key, record_value or kafka`;
  }
  if (pkMode === 'kafka' && pkFields.length !== 0 && pkFields.length !== 3) {
    wrong[names.pkFields] =
      `PK mode for table is kafka so there should either be no field names defined for defaults ${defaultKafkaColumns.join(',')} to be applicable, or exactly 3, defined fields are: ${pkFields.join(',')}`;
  }
  return wrong;
}

/** Whether a name is a time zone that PostgreSQL and Java both understand. */
export function timeZoneCheck(name: string): string | undefined {
  if (offsetOf(name) !== undefined) return undefined;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return undefined;
  } catch {
    return 'Invalid time zone identifier';
  }
}

/** `Z`, `+2`, `UTC+02:00`, `GMT-3` as ±HH:MM east of Greenwich; undefined for names. */
export function offsetOf(zone: string): string | undefined {
  if (zone === 'Z') return '+00:00';
  const match = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(zone);
  if (match === null) return undefined;
  const [, sign, hours = '', minutes = '00'] = match;
  return Number(hours) <= 18 && Number(minutes) < 60 ? `${sign}${hours.padStart(2, '0')}:${minutes}` : undefined;
}

import type { ConfigProps, ConfigSpec } from '../../../src/api/index.ts';
import { regexProblem } from '../../../src/config/java-regex/index.ts';
import {
  atLeast,
  booleanKey,
  type ConfigOf,
  defineConfig,
  enumKey,
  intKey,
  listKey,
  longKey,
  oneOfKey,
  passwordKey,
  stringKey,
} from '../../../src/config/spec.ts';
import { messageOf } from '../../../src/errors.ts';
import { timeZoneCheck } from '../values/zone.ts';
import { readJdbcUrl } from './jdbc-url.ts';

/** Confluent's names, defaults and meanings. */
const database = { group: 'Database', importance: 'high', width: 'long' } as const;
const mode = { group: 'Mode', importance: 'medium', width: 'medium' } as const;
const connector = { group: 'Connector', importance: 'medium', width: 'short' } as const;

const expressions = (list: readonly string[]): string | undefined => {
  for (const expression of list) {
    const problem = regexProblem(expression);
    if (problem !== undefined) return problem;
  }
  return undefined;
};
const urlCheck = (url: string): string | undefined => {
  try {
    readJdbcUrl(url);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
};

export const modes = ['bulk', 'timestamp', 'incrementing', 'timestamp+incrementing'] as const;
export type Mode = (typeof modes)[number];
export const numericMappings = ['none', 'precision_only', 'best_fit', 'best_fit_eager_double'] as const;
export type NumericMapping = (typeof numericMappings)[number];

const keys = {
  'connection.url': stringKey({
    ...database,
    displayName: 'JDBC URL',
    check: urlCheck,
    doc: 'JDBC URL of a PostgreSQL, MySQL or MariaDB database, such as jdbc:mysql://localhost:3306/shop. Its parameters set TLS (sslmode=verify-full, sslMode=VERIFY_IDENTITY verify the server) and time limits (connectTimeout, loginTimeout, socketTimeout).',
  }),
  'connection.user': stringKey({
    ...database,
    width: 'medium',
    default: null,
    displayName: 'JDBC User',
    doc: 'Database user. Takes precedence over the one in the URL.',
  }),
  'connection.password': passwordKey({
    ...database,
    width: 'short',
    default: null,
    displayName: 'JDBC Password',
    doc: 'Password of the database user. Takes precedence over the one in the URL.',
  }),
  'table.whitelist': listKey({
    ...database,
    importance: 'medium',
    default: [],
    displayName: 'Table Whitelist',
    doc: 'Tables that are copied: names, or names with their schema or database before them. All of them by default.',
  }),
  'table.blacklist': listKey({
    ...database,
    importance: 'medium',
    default: [],
    displayName: 'Table Blacklist',
    doc: 'Tables that are not copied.',
  }),
  'table.include.list': listKey({
    ...database,
    importance: 'medium',
    default: [],
    check: expressions,
    displayName: 'Tables Included',
    doc: 'Regular expressions that match the full names (schema.table, database.table) of the tables that are copied.',
  }),
  'table.exclude.list': listKey({
    ...database,
    importance: 'medium',
    default: [],
    check: expressions,
    displayName: 'Tables Excluded',
    doc: 'Regular expressions that match the full names of tables that are not copied.',
  }),
  'catalog.pattern': stringKey({
    ...database,
    importance: 'medium',
    width: 'short',
    default: null,
    displayName: 'Catalog pattern',
    doc: 'Pattern (% and _) of the databases whose tables are looked at on MySQL and MariaDB; without it, the one in the URL.',
  }),
  'schema.pattern': stringKey({
    ...database,
    importance: 'high',
    width: 'short',
    default: null,
    displayName: 'Schema pattern',
    doc: 'Pattern (% and _) of the schemas whose tables are looked at on PostgreSQL; without it, all of them.',
  }),
  'table.types': listKey({
    ...database,
    importance: 'low',
    width: 'medium',
    default: ['TABLE'],
    displayName: 'Table Types',
    recommended: ['TABLE', 'VIEW', 'PARTITIONED TABLE', 'MATERIALIZED VIEW', 'FOREIGN TABLE'],
    doc: 'Kinds of relation that are copied.',
  }),
  'quote.sql.identifiers': enumKey(['always', 'never'], {
    ...database,
    importance: 'medium',
    default: 'always',
    displayName: 'Quote Identifiers',
    doc: 'Whether names of tables and columns are quoted in SQL.',
  }),
  'numeric.mapping': enumKey(numericMappings, {
    ...database,
    importance: 'low',
    width: 'short',
    default: 'none',
    displayName: 'Map Numeric Values, Integral or Decimal, By Precision and Scale',
    doc: "How NUMERIC columns are written: as Decimal (none), as integers where their precision allows (precision_only), also as doubles where it does (best_fit), as doubles whenever they have a scale (best_fit_eager_double). MySQL's DECIMAL is always a Decimal.",
  }),
  mode: oneOfKey(modes, {
    ...mode,
    importance: 'high',
    displayName: 'Table Loading Mode',
    doc: 'bulk: the whole table at each poll; incrementing: new rows, by a column that only grows; timestamp: new and changed rows, by columns of timestamps; timestamp+incrementing: both, so that each state of a row has a place of its own.',
  }),
  'incrementing.column.name': stringKey({
    ...mode,
    default: '',
    displayName: 'Incrementing Column Name',
    doc: 'Column that only grows; empty: the one auto-incrementing column of each table.',
  }),
  'timestamp.column.name': listKey({
    ...mode,
    default: [],
    displayName: 'Timestamp Column Name',
    doc: 'Columns of timestamps, of which the first that is not null counts in each row.',
  }),
  'timestamp.initial': longKey({
    ...mode,
    importance: 'low',
    default: null,
    displayName: 'Unix time value of initial timestamp',
    doc: 'Where to begin without a stored position: milliseconds since 1970, -1 for the time of the start; 1970 by default.',
  }),
  'validate.non.null': booleanKey({
    ...mode,
    importance: 'low',
    width: 'short',
    default: true,
    displayName: 'Validate Non Null',
    doc: 'Whether a nullable incrementing column, or only nullable timestamp columns, fail the task. Left out, there is a warning: rows whose column is null are never read.',
  }),
  query: stringKey({
    ...mode,
    default: '',
    displayName: 'Query',
    doc: "Query to read instead of whole tables; its WHERE clause and joins are its own. Its result must hold the mode's columns.",
  }),
  'query.suffix': stringKey({
    ...mode,
    importance: 'low',
    default: '',
    displayName: 'Query suffix',
    doc: 'Text behind each query that is made, such as LIMIT 10000.',
  }),
  'topic.prefix': stringKey({
    ...connector,
    importance: 'high',
    width: 'medium',
    displayName: 'Topic Prefix',
    doc: "What the topic's name has before the table's name; for a query the whole name of the topic.",
  }),
  'poll.interval.ms': intKey({
    ...connector,
    importance: 'high',
    default: 5000,
    check: atLeast(0),
    displayName: 'Poll Interval (ms)',
    doc: 'How often each table is asked for what is new.',
  }),
  'batch.max.rows': intKey({
    ...connector,
    importance: 'low',
    default: 1000,
    check: atLeast(1),
    displayName: 'Max Rows Per Batch',
    doc: 'Rows that are fetched at a time.',
  }),
  'table.poll.interval.ms': longKey({
    ...connector,
    importance: 'low',
    default: 60_000,
    check: atLeast(1),
    displayName: 'Metadata Change Monitoring Interval (ms)',
    doc: 'How often new tables are looked for.',
  }),
  'timestamp.delay.interval.ms': longKey({
    ...connector,
    importance: 'high',
    default: 0,
    check: atLeast(0),
    displayName: 'Delay Interval (ms)',
    doc: 'How long after its timestamp a row is read: time for what nothing shows to be still on its way.',
  }),
  'db.timezone': stringKey({
    ...connector,
    width: 'medium',
    default: 'UTC',
    check: timeZoneCheck,
    displayName: 'DB time zone',
    doc: 'Time zone of timestamps without time zone.',
  }),
};

type Keys = ConfigOf<typeof keys>;

/** A task's part of the plan, which stands beside the connector's own keys in its configuration. */
export interface JdbcSourceConfig extends Keys {
  /** Names of this task's tables as plan() gave them; null before. */
  readonly tables: readonly string[] | null;
  /** Tables of other tasks, for the one task that takes on new ones; null for those that do not. */
  readonly otherTables: readonly string[] | null;
  /** validate.non.null=true, in so many words. */
  readonly refuseNullable: boolean;
}

const spec = defineConfig(keys, { refine: contradictions });

export const config: ConfigSpec<JdbcSourceConfig> = {
  keys: spec.keys,
  check(props) {
    const read = spec.check(props);
    if (read.config === undefined) return { ...read, config: undefined };
    return {
      ...read,
      config: {
        ...read.config,
        tables: names(props['tables']),
        otherTables: names(props['tables.of.others']),
        refuseNullable: read.config['validate.non.null'] && (props['validate.non.null'] ?? '') !== '',
      },
    };
  },
};

/** What a plan wrote; anything else is no list. */
function names(json: string | null | undefined): readonly string[] | null {
  try {
    const list: unknown = JSON.parse(json ?? 'null');
    return Array.isArray(list) ? list.map(String) : null;
  } catch {
    return null;
  }
}

function contradictions(c: Keys, _props: ConfigProps): Record<string, string> {
  const lists = (['table.whitelist', 'table.blacklist', 'table.include.list', 'table.exclude.list'] as const).filter(
    name => c[name].length > 0,
  );
  const wrong: Record<string, string> = {};
  if (c.query !== '')
    for (const name of lists) wrong[name] = 'query may not be combined with whole-table copying settings.';
  const [first, second] = lists;
  const pair = lists.join(' ');
  if (c.query === '' && second !== undefined && pair !== 'table.include.list table.exclude.list')
    wrong[second] = `${second} cannot be specified together with ${first}`;
  if (c.mode.startsWith('timestamp') && c['timestamp.column.name'].length === 0)
    wrong['timestamp.column.name'] = `Must specify timestamp.column.name when mode is ${c.mode}`;
  if (c.query !== '' && c.mode.endsWith('incrementing') && c['incrementing.column.name'] === '')
    wrong['incrementing.column.name'] = 'Must specify incrementing.column.name for a query';
  return wrong;
}

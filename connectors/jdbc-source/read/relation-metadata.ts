import { type Schema, type StructSchema, structOfFields } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import { mappedColumns } from '../config/column-mappings.ts';
import type { JdbcSourceConfig } from '../config/keys.ts';
import type { Mode } from '../config/mode-keys.ts';
import type { Column, Relation, Session, TimeKind } from '../database/session.ts';
import { fullName } from '../tables/table-id.ts';
import type { Decode } from '../values/row.ts';
import type { BulkQuery } from './reader-context.ts';

/** Columns of a relation, and the SQL for reading it. */
export interface RelationMetadata {
  readonly relation: Relation;
  readonly name: string;
  readonly topic: string;
  readonly mode: Mode;
  /** SQL after FROM. */
  readonly from: string;
  readonly columns: readonly Column[];
  readonly schema: StructSchema;
  readonly decoders: readonly Decode[];
  /** SQL of the timestamp and the incrementing column; null if the mode has none. */
  readonly time: TimeExpression | null;
  readonly number: string | null;
  readonly suffix: string;
}

export interface TimeExpression {
  readonly sql: string;
  readonly timeKind: TimeKind;
  readonly hasMicroseconds: boolean;
}

/** Alias of the relation in SQL. */
export const ROW = 'millrace_row';

/** Reads the metadata of a relation. Rejects with SOURCE_SETUP if its columns do not fit the mode. */
export async function readMetadata(
  session: Session,
  relation: Relation,
  config: JdbcSourceConfig,
  warn: (message: string) => void,
): Promise<RelationMetadata> {
  // The line break ends a comment at the end of the query.
  const from = relation.kind === 'query' ? `(${relation.sql}\n)` : tableSql(session, relation);
  const columns = await session.columns(relation, from).catch((error: unknown) => {
    throw relation.kind === 'query' ? withAdvice(error, config.mode) : error;
  });
  return metadataOf(session, relation, { config, from, columns, warn });
}

function withAdvice(error: unknown, mode: Mode): unknown {
  if (!(error instanceof MillraceError) || error.code !== 'SOURCE_SETUP') return error;
  return new MillraceError(
    'SOURCE_SETUP',
    `${error.message}. With mode=${mode} the query is part of a SELECT with the mode's conditions; mode=bulk runs any statement that returns rows unchanged`,
    { cause: error.cause },
  );
}

interface MetadataInput {
  readonly config: JdbcSourceConfig;
  readonly from: string;
  readonly columns: readonly Column[];
  warn(message: string): void;
}

/** Query of mode=bulk, which runs unchanged; undefined for other modes and for tables. */
export function bulkQueryOf(
  relation: Relation,
  config: JdbcSourceConfig,
  warn: (message: string) => void,
): BulkQuery | undefined {
  if (relation.kind === 'table' || config.mode !== 'bulk') return undefined;
  const suffix = config['query.suffix'];
  return {
    sql: suffix === '' ? config.sql : `${relation.sql}\n${suffix}`,
    metadataOf: (session, columns) => metadataOf(session, relation, { config, from: '', columns, warn }),
  };
}

/** Metadata of a relation with these columns. Throws SOURCE_SETUP if they do not fit the mode. */
function metadataOf(
  session: Session,
  relation: Relation,
  { config, from, columns, warn }: MetadataInput,
): RelationMetadata {
  const name = relation.kind === 'query' ? 'the query' : fullName(relation.table);
  rejectDuplicateColumns(columns, name);
  const { mode } = config;
  const context = { config, name, warn };
  return {
    relation,
    name,
    topic: relation.kind === 'query' ? config['topic.prefix'] : config['topic.prefix'] + relation.table.name,
    mode,
    from,
    columns,
    schema: structOfFields(
      columns.map(({ name: field, schema }): { name: string; schema: Schema } => ({ name: field, schema })),
      relation.kind === 'query' ? {} : { name: relation.table.name },
    ),
    decoders: columns.map(({ decode }) => decode),
    time: mode.startsWith('timestamp') ? timeExpression(session, columns, timeNames(relation, config), context) : null,
    number: mode.endsWith('incrementing')
      ? numberExpression(session, columns, numberName(relation, config), context)
      : null,
    suffix: config['query.suffix'],
  };
}

function tableSql(session: Session, { table }: Relation & { kind: 'table' }): string {
  return `${session.quote(table.schema ?? table.catalog)}.${session.quote(table.name)}`;
}

function rejectDuplicateColumns(columns: readonly Column[], name: string): void {
  const names = columns.map(column => column.name);
  const duplicate = names.find((column, i) => names.indexOf(column) !== i);
  if (duplicate === undefined) return;
  throw new MillraceError('SOURCE_SETUP', `${name} has two columns ${duplicate}; rename one of them`);
}

/** Finds a column like databases do: by exact name, then ignoring case; then without a prefixed table name or alias. */
function find(columns: readonly Column[], columnName: string, name: string): Column {
  const bare = /(?:^|[^.]\.)(?:"([^"]+)"|`([^`]+)`|([^."`]+))$/.exec(columnName);
  for (const each of [columnName, bare?.[1] ?? bare?.[2] ?? bare?.[3] ?? columnName]) {
    const matches =
      columns.find(column => column.name === each) ??
      columns.find(column => column.name.toLowerCase() === each.toLowerCase());
    if (matches !== undefined) return matches;
  }
  const all = columns.map(column => column.name).join(', ');
  throw new MillraceError('SOURCE_SETUP', `${name} has no column ${columnName}; its columns are ${all}`);
}

interface ColumnContext {
  readonly config: JdbcSourceConfig;
  /** Name of the relation, for messages. */
  readonly name: string;
  warn(message: string): void;
}

function timeNames(relation: Relation, config: JdbcSourceConfig): readonly string[] {
  const mappings = config['timestamp.columns.mapping'];
  return relation.kind === 'query' || mappings.length === 0
    ? config['timestamp.column.name']
    : mappedColumns(mappings, 'timestamp.columns.mapping', relation.table);
}

/** Name of the incrementing column; empty for the auto-incrementing one. */
function numberName(relation: Relation, config: JdbcSourceConfig): string {
  const mappings = config['incrementing.column.mapping'];
  return relation.kind === 'query' || mappings.length === 0
    ? config['incrementing.column.name']
    : (mappedColumns(mappings, 'incrementing.column.mapping', relation.table)[0] ?? '');
}

function timeExpression(
  session: Session,
  columns: readonly Column[],
  names: readonly string[],
  context: ColumnContext,
): TimeExpression {
  const { name } = context;
  const matches = names.map(columnName => find(columns, columnName, name));
  for (const { name: column, timeKind } of matches)
    if (timeKind === null) throw new MillraceError('SOURCE_SETUP', `column ${column} of ${name} is not a timestamp`);
  if (matches.every(({ schema }) => schema.optional))
    checkNullable(`all of the timestamp columns ${matches.map(column => column.name).join(', ')}`, context);
  const parts = matches.map(column => `${ROW}.${session.quote(column.name)}`);
  // COALESCE of different types has the widest type.
  const timeKind =
    (['instant', 'local', 'day'] as const).find(kind => matches.some(column => column.timeKind === kind)) ?? 'local';
  return {
    sql: parts.length === 1 ? (parts[0] as string) : `COALESCE(${parts.join(', ')})`,
    timeKind: timeKind,
    hasMicroseconds: matches.every(({ hasMicroseconds }) => hasMicroseconds),
  };
}

function numberExpression(
  session: Session,
  columns: readonly Column[],
  columnName: string,
  context: ColumnContext,
): string {
  const { name } = context;
  const automatic = columns.filter(({ autoIncrement }) => autoIncrement);
  if (columnName === '' && automatic.length !== 1)
    throw new MillraceError(
      'SOURCE_SETUP',
      `${name} has ${automatic.length === 0 ? 'no' : 'more than one'} auto-incrementing column; set incrementing.column.name`,
    );
  const column = columnName === '' ? (automatic[0] as Column) : find(columns, columnName, name);
  const { schema } = column;
  const decimal = schema.type === 'bytes' && schema.parameters?.['scale'] === '0';
  if (!/^int(8|16|32|64)$/.test(schema.type) && !decimal)
    throw new MillraceError('SOURCE_SETUP', `column ${column.name} of ${name} does not contain whole numbers`);
  if (schema.optional) checkNullable(`the incrementing column ${column.name}`, context);
  return `${ROW}.${session.quote(column.name)}`;
}

/** Handles nullable columns, whose null rows are never read: throws with validate.non.null=true, otherwise warns. */
function checkNullable(columnText: string, { config, name, warn }: ColumnContext): void {
  if (config.rejectNullable)
    throw new MillraceError(
      'SOURCE_SETUP',
      `${columnText} of ${name} may be null, and validate.non.null=true: make it NOT NULL, or set that to false`,
    );
  if (config['validate.non.null']) warn(`${columnText} of ${name} may be null: rows with null are never read`);
}

import { type Schema, type StructSchema, structOfFields } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import { mappedColumns } from '../config/column-mappings.ts';
import type { JdbcSourceConfig } from '../config/keys.ts';
import type { Mode } from '../config/mode-keys.ts';
import type { Clock, Column, Relation, Session } from '../database/session.ts';
import { fullName } from '../tables/table-id.ts';
import type { Decode } from '../values/row.ts';
import type { WholeQuery } from './relation-reader.ts';

/** A relation as it is read: its columns, and the SQL of its parts. */
export interface Source {
  readonly relation: Relation;
  readonly name: string;
  readonly topic: string;
  readonly mode: Mode;
  /** What stands behind FROM. */
  readonly from: string;
  readonly columns: readonly Column[];
  readonly schema: StructSchema;
  readonly decoders: readonly Decode[];
  /** The columns by which it is read, in SQL; null where the mode has none. */
  readonly time: TimeExpression | null;
  readonly number: string | null;
  readonly suffix: string;
}

export interface TimeExpression {
  readonly sql: string;
  readonly clock: Clock;
  readonly fine: boolean;
}

/** What rows are called in SQL. */
export const ROW = 'millrace_row';

/** Looks at a relation. SOURCE_SETUP where its columns do not fit the mode. */
export async function lookAt(
  session: Session,
  relation: Relation,
  config: JdbcSourceConfig,
  warn: (message: string) => void,
): Promise<Source> {
  // A comment at the query's end ends with the line.
  const from = relation.kind === 'query' ? `(${relation.sql}\n)` : tableInSql(session, relation);
  const columns = await session.columns(relation, from).catch((error: unknown) => {
    throw relation.kind === 'query' ? withAdvice(error, config.mode) : error;
  });
  return sourceOf(session, relation, { config, from, columns, warn });
}

function withAdvice(error: unknown, mode: Mode): unknown {
  if (!(error instanceof MillraceError) || error.code !== 'SOURCE_SETUP') return error;
  return new MillraceError(
    'SOURCE_SETUP',
    `${error.message}. With mode=${mode} the query is part of a SELECT with the mode's conditions; mode=bulk runs any statement that returns rows as it stands`,
    { cause: error.cause },
  );
}

interface Looked {
  readonly config: JdbcSourceConfig;
  readonly from: string;
  readonly columns: readonly Column[];
  warn(message: string): void;
}

/** With mode=bulk a query is run as it stands: no SQL of its own is put around it. */
export function wholeQuery(
  relation: Relation,
  config: JdbcSourceConfig,
  warn: (message: string) => void,
): WholeQuery | undefined {
  if (relation.kind === 'table' || config.mode !== 'bulk') return undefined;
  const suffix = config['query.suffix'];
  return {
    sql: suffix === '' ? config.sql : `${relation.sql}\n${suffix}`,
    sourceOf: (session, columns) => sourceOf(session, relation, { config, from: '', columns, warn }),
  };
}

/** A relation with these columns. Throws SOURCE_SETUP where they do not fit the mode. */
function sourceOf(session: Session, relation: Relation, { config, from, columns, warn }: Looked): Source {
  const name = relation.kind === 'query' ? 'the query' : fullName(relation.table);
  refuseDoubles(columns, name);
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
    time: mode.startsWith('timestamp') ? timeOf(session, columns, timeNames(relation, config), context) : null,
    number: mode.endsWith('incrementing') ? numberOf(session, columns, numberName(relation, config), context) : null,
    suffix: config['query.suffix'],
  };
}

function tableInSql(session: Session, { table }: Relation & { kind: 'table' }): string {
  return `${session.quote(table.schema ?? table.catalog)}.${session.quote(table.name)}`;
}

function refuseDoubles(columns: readonly Column[], name: string): void {
  const names = columns.map(column => column.name);
  const double = names.find((column, i) => names.indexOf(column) !== i);
  if (double === undefined) return;
  throw new MillraceError('SOURCE_SETUP', `${name} has two columns ${double}; give one of them another name`);
}

/** As databases do: the name as it is, else whatever its case; then without a table's name or alias before it. */
function find(columns: readonly Column[], wanted: string, name: string): Column {
  const bare = /(?:^|[^.]\.)(?:"([^"]+)"|`([^`]+)`|([^."`]+))$/.exec(wanted);
  for (const each of [wanted, bare?.[1] ?? bare?.[2] ?? bare?.[3] ?? wanted]) {
    const found =
      columns.find(column => column.name === each) ??
      columns.find(column => column.name.toLowerCase() === each.toLowerCase());
    if (found !== undefined) return found;
  }
  const all = columns.map(column => column.name).join(', ');
  throw new MillraceError('SOURCE_SETUP', `${name} has no column ${wanted}; its columns are ${all}`);
}

interface ColumnContext {
  readonly config: JdbcSourceConfig;
  /** The relation's, for messages. */
  readonly name: string;
  warn(message: string): void;
}

function timeNames(relation: Relation, config: JdbcSourceConfig): readonly string[] {
  const mappings = config['timestamp.columns.mapping'];
  return relation.kind === 'query' || mappings.length === 0
    ? config['timestamp.column.name']
    : mappedColumns(mappings, 'timestamp.columns.mapping', relation.table);
}

/** Empty: the column that counts by itself. */
function numberName(relation: Relation, config: JdbcSourceConfig): string {
  const mappings = config['incrementing.column.mapping'];
  return relation.kind === 'query' || mappings.length === 0
    ? config['incrementing.column.name']
    : (mappedColumns(mappings, 'incrementing.column.mapping', relation.table)[0] ?? '');
}

function timeOf(
  session: Session,
  columns: readonly Column[],
  names: readonly string[],
  context: ColumnContext,
): TimeExpression {
  const { name } = context;
  const found = names.map(wanted => find(columns, wanted, name));
  for (const { name: column, clock } of found)
    if (clock === null) throw new MillraceError('SOURCE_SETUP', `column ${column} of ${name} is no timestamp`);
  if (found.every(({ schema }) => schema.optional))
    nullable(`all of the timestamp columns ${found.map(column => column.name).join(', ')}`, context);
  const parts = found.map(column => `${ROW}.${session.quote(column.name)}`);
  // Of columns of several kinds, the database makes the widest.
  const clock =
    (['instant', 'local', 'day'] as const).find(kind => found.some(column => column.clock === kind)) ?? 'local';
  return {
    sql: parts.length === 1 ? (parts[0] as string) : `COALESCE(${parts.join(', ')})`,
    clock,
    fine: found.every(({ fine }) => fine),
  };
}

function numberOf(session: Session, columns: readonly Column[], wanted: string, context: ColumnContext): string {
  const { name } = context;
  const automatic = columns.filter(({ autoIncrement }) => autoIncrement);
  if (wanted === '' && automatic.length !== 1)
    throw new MillraceError(
      'SOURCE_SETUP',
      `${name} has ${automatic.length === 0 ? 'no' : 'more than one'} auto-incrementing column; set incrementing.column.name`,
    );
  const column = wanted === '' ? (automatic[0] as Column) : find(columns, wanted, name);
  const { schema } = column;
  const decimal = schema.type === 'bytes' && schema.parameters?.['scale'] === '0';
  if (!/^int(8|16|32|64)$/.test(schema.type) && !decimal)
    throw new MillraceError('SOURCE_SETUP', `column ${column.name} of ${name} holds no whole numbers`);
  if (schema.optional) nullable(`the incrementing column ${column.name}`, context);
  return `${ROW}.${session.quote(column.name)}`;
}

/** Rows whose column is null are never read: refused where validate.non.null=true says so. */
function nullable(what: string, { config, name, warn }: ColumnContext): void {
  if (config.refuseNullable)
    throw new MillraceError(
      'SOURCE_SETUP',
      `${what} of ${name} may be null, and validate.non.null=true: make it NOT NULL, or set that to false`,
    );
  if (config['validate.non.null']) warn(`${what} of ${name} may be null: rows where that is so are never read`);
}

import { javaMatcher } from '../../config/java-regex/index.ts';

/**
 * Debezium's lists of regular expressions: separated by commas (a comma inside an expression is written `\,`), each
 * matching a whole name, case-insensitively.
 */
export type NameTest = (name: string) => boolean;

/** setting: for messages. Throws SyntaxError for an expression that Java refuses. */
export const nameTest = (list: string, setting: string): NameTest => expressions(splitList(list), setting);

const expressions = (list: readonly string[], setting: string): NameTest =>
  javaMatcher(list, { setting, ignoreCase: true });

/** Items between commas that are not escaped, trimmed, without empty ones. */
export function splitList(list: string, separator = ','): string[] {
  const items = list.match(separator === ',' ? /(?:\\.|[^,\\])+/gs : /(?:\\.|[^;\\])+/gs) ?? [];
  return items.map(item => item.trim().replaceAll(`\\${separator}`, separator)).filter(item => item !== '');
}

export interface Lists {
  readonly include: string | null;
  readonly exclude: string | null;
}

/** prefix: of both settings, such as `table`. */
const passes = ({ include, exclude }: Lists, prefix: string): NameTest => {
  if (include !== null && include.trim() !== '') return nameTest(include, `${prefix}.include.list`);
  if (exclude !== null && exclude.trim() !== '') {
    const excluded = nameTest(exclude, `${prefix}.exclude.list`);
    return name => !excluded(name);
  }
  return () => true;
};

export type TableTest = (schema: string, table: string) => boolean;

/** schema.* and table.* lists, both. */
export function tableTest(schemas: Lists, tables: Lists): TableTest {
  const ofSchema = passes(schemas, 'schema');
  const ofTable = passes(tables, 'table');
  return (schema, table) => ofSchema(schema) && ofTable(`${schema}.${table}`);
}

/** Names are `schema.table.column`. */
export function columnTest(columns: Lists): (schema: string, table: string, column: string) => boolean {
  const isIncluded = passes(columns, 'column');
  return (schema, table, column) => isIncluded(`${schema}.${table}.${column}`);
}

export type CustomKey = (schema: string, table: string, columns: readonly string[]) => readonly string[] | undefined;

/**
 * `message.key.columns`: `table expression:column,column;…`. The result returns undefined for a table that no entry
 * matches. Throws SyntaxError.
 */
export function customKeys(list: string | null): CustomKey {
  const entries = splitList(list ?? '', ';').map(entry => {
    const at = entry.lastIndexOf(':');
    const columns = splitList(entry.slice(at + 1));
    if (at < 1 || columns.length === 0) throw new SyntaxError(`'${entry}' is not <table>:<column>,<column>`);
    return {
      table: expressions([entry.slice(0, at).trim()], 'message.key.columns'),
      columns: columns.map(column => expressions([column], 'message.key.columns')),
    };
  });
  return (schema, table, names) => {
    const entry = entries.find(entry => entry.table(`${schema}.${table}`));
    if (entry === undefined) return undefined;
    return entry.columns.flatMap(matches => names.filter(matches));
  };
}

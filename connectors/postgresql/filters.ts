/**
 * Debezium's lists of regular expressions: separated by commas (a comma inside an expression is written `\,`), each
 * matching a whole name, case not mattering.
 */
export type NameTest = (name: string) => boolean;

/** Throws SyntaxError for an expression that is none. */
export function nameTest(list: string): NameTest {
  const expressions = splitList(list).map(anchored);
  return name => expressions.some(expression => expression.test(name));
}

/** Items between commas that are not escaped; blanks around them fall away, and so do empty ones. */
export function splitList(list: string, separator = ','): string[] {
  const items = list.match(separator === ',' ? /(?:\\.|[^,\\])+/gs : /(?:\\.|[^;\\])+/gs) ?? [];
  return items.map(item => item.trim().replaceAll(`\\${separator}`, separator)).filter(item => item !== '');
}

/** Case never matters, so `(?i)` says nothing; Java's other flags and possessive quantifiers are SyntaxErrors here. */
export const anchored = (expression: string): RegExp => new RegExp(`^(?:${expression.replace(/^\(\?i\)/, '')})$`, 'i');

export interface Lists {
  readonly include: string | null;
  readonly exclude: string | null;
}

const passes = ({ include, exclude }: Lists): NameTest => {
  if (include !== null && include.trim() !== '') return nameTest(include);
  if (exclude !== null && exclude.trim() !== '') {
    const excluded = nameTest(exclude);
    return name => !excluded(name);
  }
  return () => true;
};

const SYSTEM_SCHEMAS = new Set(['pg_catalog', 'information_schema', 'pg_toast']);

export type TableTest = (schema: string, table: string) => boolean;

/** schema.* and table.* lists, both; the system's own tables never. */
export function tableTest(schemas: Lists, tables: Lists): TableTest {
  const ofSchema = passes(schemas);
  const ofTable = passes(tables);
  return (schema, table) =>
    !SYSTEM_SCHEMAS.has(schema) && !schema.startsWith('pg_temp_') && ofSchema(schema) && ofTable(`${schema}.${table}`);
}

/** Names are `schema.table.column`. */
export function columnTest(columns: Lists): (schema: string, table: string, column: string) => boolean {
  const passes_ = passes(columns);
  return (schema, table, column) => passes_(`${schema}.${table}.${column}`);
}

export type CustomKey = (schema: string, table: string, columns: readonly string[]) => readonly string[] | undefined;

/**
 * `message.key.columns`: `table expression:column,column;…`. undefined from the result for a table that none names.
 * Throws SyntaxError.
 */
export function customKeys(list: string | null): CustomKey {
  const entries = splitList(list ?? '', ';').map(entry => {
    const at = entry.lastIndexOf(':');
    const columns = splitList(entry.slice(at + 1));
    if (at < 1 || columns.length === 0) throw new SyntaxError(`'${entry}' is not <table>:<column>,<column>`);
    return { table: anchored(entry.slice(0, at).trim()), columns: columns.map(anchored) };
  });
  return (schema, table, names) => {
    const found = entries.find(entry => entry.table.test(`${schema}.${table}`));
    if (found === undefined) return undefined;
    return found.columns.flatMap(expression => names.filter(name => expression.test(name)));
  };
}

import fc from 'fast-check';
import { LETTERS, MIXED, SPECIAL, texts, UNICODE, WORDS } from './text.ts';

/** Maximum length of an identifier in PostgreSQL, bytes. */
const MAX_BYTES = 63;
const NASTY = [
  ...['a"b', '"', 'Order Items', 'ORDERS', 'a.b', 'public.orders', "it's", 'a\\b', '1st', '$1', '%s', 'a,b', ' a'],
  ...['größe', 'naïve', '数据', '🦀', '--', '/*', ';', 'a\nb', 'id', 'value', 'key'],
];

/** Names of tables, schemas and columns: anything that PostgreSQL accepts in double quotes. */
const identifiers: fc.Arbitrary<string> = fc.oneof(
  texts([LETTERS, MIXED, [...MIXED, ...SPECIAL, '\\'], [...LETTERS, ...UNICODE]], MAX_BYTES, [62]),
  fc.constantFrom(...NASTY, ...WORDS),
);

export const tableNames = identifiers;
/** PostgreSQL reserves names that start with `pg_`. */
export const schemaNames = identifiers.filter(name => !name.startsWith('pg_') && name !== 'information_schema');
const SYSTEM_COLUMNS = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);
export const columnNames = identifiers.filter(name => !SYSTEM_COLUMNS.has(name));

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * An entry of `table.include.list`, a list of regular expressions with optional blanks, that matches only this table.
 */
export const tablePattern = (schema: string, table: string): string =>
  `${schema}.${table}`.replaceAll(/\n|\s|[!-/:-@[-^`{-~]/g, character =>
    character === '\n' ? '\\n' : /\s/.test(character) ? `[${character}]` : `\\${character}`,
  );

/** The topic of a table's changes. */
export const topicOf = (prefix: string, schema: string, table: string): string =>
  `${prefix}.${schema}.${table}`.replaceAll(/[^A-Za-z0-9._-]/g, '_');

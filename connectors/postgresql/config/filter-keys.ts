import { customKeys, nameTest } from '../../../src/cdc/filter/name-filters.ts';
import { stringKey } from '../../../src/config/spec.ts';
import { messageOf } from '../../../src/errors.ts';

const events = { group: 'Events', importance: 'medium' } as const;
const expressions = (list: string | null): string | undefined => {
  try {
    nameTest(list ?? '', '');
    return undefined;
  } catch (error) {
    return `A comma-separated list of valid regular expressions is expected, but ${messageOf(error)}`;
  }
};
/** A list of regular expressions. */
export const expressionList = (doc: string, importance: 'high' | 'medium') =>
  stringKey({ group: 'Filters', importance, width: 'long', default: null, check: expressions, doc });

/** Keys that select schemas, tables, columns and messages. */
export const filterKeys = {
  'schema.include.list': expressionList('Regular expressions of the schemas whose changes are captured.', 'high'),
  'schema.exclude.list': expressionList('Regular expressions of schemas whose changes are not captured.', 'medium'),
  'table.include.list': expressionList(
    'Regular expressions of the tables (schema.table) whose changes are captured.',
    'high',
  ),
  'table.exclude.list': expressionList(
    'Regular expressions of tables (schema.table) whose changes are not captured.',
    'medium',
  ),
  'column.include.list': expressionList(
    'Regular expressions of the columns (schema.table.column) in records.',
    'medium',
  ),
  'column.exclude.list': expressionList(
    'Regular expressions of columns (schema.table.column) left out of records.',
    'medium',
  ),
  'column.propagate.source.type': expressionList(
    'Regular expressions of the columns (schema.table.column) whose type, length, scale and name are parameters of their schema: __debezium.source.column.type and so on.',
    'medium',
  ),
  'datatype.propagate.source.type': expressionList(
    'The same for columns of these types (schema.table.type, such as public.orders.varchar).',
    'medium',
  ),
  'message.key.columns': stringKey({
    ...events,
    width: 'long',
    default: null,
    check: text => {
      try {
        customKeys(text);
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    },
    doc: "Keys of records in place of the table's primary key: '<table>:<column>,<column>;<table>:<column>', where tables are regular expressions.",
  }),
  'message.prefix.include.list': expressionList(
    'Regular expressions of the prefixes of logical messages that are captured.',
    'medium',
  ),
  'message.prefix.exclude.list': expressionList(
    'Regular expressions of prefixes of logical messages that are not captured.',
    'medium',
  ),
} as const;

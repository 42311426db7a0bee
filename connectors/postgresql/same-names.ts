import { MillraceError } from '../../src/errors.ts';
import { quoteTable } from './connection.ts';
import type { TableFacts } from './relation.ts';

/** SOURCE_SETUP where names with dots make two tables one in topics and in the stored positions of a snapshot. */
export function refuseSameNames(tables: readonly Pick<TableFacts, 'schema' | 'table'>[]): void {
  const byName = Map.groupBy(tables, ({ schema, table }) => `${schema}.${table}`);
  const same = [...byName.values()].find(({ length }) => length > 1);
  if (same === undefined) return;
  throw new MillraceError(
    'SOURCE_SETUP',
    `${same.map(({ schema, table }) => quoteTable(schema, table)).join(' and ')} are the same with a dot between schema and ` +
      'table, as topics and stored positions have them: rename one, or capture one schema only with schema.include.list',
  );
}

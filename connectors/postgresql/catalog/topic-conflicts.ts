import type { TopicNaming } from '../../../src/cdc/naming/topic-naming.ts';
import { quoteTable } from '../../../src/databases/postgresql/quote.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { TableFacts } from './relation.ts';

type TableName = Pick<TableFacts, 'schema' | 'table'>;

/** Throws SOURCE_SETUP if two tables have the same topic, or the same name in stored positions. */
export function refuseTopicConflicts(tables: readonly TableName[], naming: TopicNaming): void {
  refuseDuplicates(
    Map.groupBy(tables, ({ schema, table }) => `${schema}.${table}`),
    () => 'are the same with a dot between schema and table, as topics and stored positions have them',
  );
  refuseDuplicates(
    Map.groupBy(tables, ({ schema, table }) => naming.table(schema, table)),
    sharedTopicReason,
  );
}

export const sharedTopicReason = (topic: string): string =>
  `have one topic, ${topic}, as Kafka takes only letters, digits, dots, hyphens and underscores in its name, ` +
  'topic.delimiter stands between its parts, and topic.naming.strategy says whether the schema is one of them';

function refuseDuplicates(byName: ReadonlyMap<string, readonly TableName[]>, what: (name: string) => string): void {
  for (const [name, same] of byName) if (same.length > 1) throw conflictError(same, what(name));
}

export const conflictError = (tables: readonly TableName[], what: string): MillraceError =>
  new MillraceError(
    'SOURCE_SETUP',
    `${tables.map(({ schema, table }) => quoteTable(schema, table)).join(' and ')} ${what}: rename one, or capture one ` +
      'only (schema.include.list, table.exclude.list)',
  );

import type { TopicNaming } from '../../../src/cdc/naming/topic-naming.ts';
import { MillraceError } from '../../../src/errors.ts';
import { quoteTable } from '../session/connection.ts';
import type { TableFacts } from './relation.ts';

type Named = Pick<TableFacts, 'schema' | 'table'>;

/** SOURCE_SETUP where two tables have one topic, or are one in the stored positions of a snapshot. */
export function refuseSameNames(tables: readonly Named[], naming: TopicNaming): void {
  refuse(
    Map.groupBy(tables, ({ schema, table }) => `${schema}.${table}`),
    () => 'are the same with a dot between schema and table, as topics and stored positions have them',
  );
  refuse(
    Map.groupBy(tables, ({ schema, table }) => naming.table(schema, table)),
    sharing,
  );
}

export const sharing = (topic: string): string =>
  `have one topic, ${topic}, as Kafka takes only letters, digits, dots, hyphens and underscores in its name, ` +
  'topic.delimiter stands between its parts, and topic.naming.strategy says whether the schema is one of them';

function refuse(byName: ReadonlyMap<string, readonly Named[]>, what: (name: string) => string): void {
  for (const [name, same] of byName) if (same.length > 1) throw sameName(same, what(name));
}

export const sameName = (tables: readonly Named[], what: string): MillraceError =>
  new MillraceError(
    'SOURCE_SETUP',
    `${tables.map(({ schema, table }) => quoteTable(schema, table)).join(' and ')} ${what}: rename one, or capture one ` +
      'only (schema.include.list, table.exclude.list)',
  );

import { MillraceError } from '../../../src/errors.ts';
import type { JdbcSourceConfig } from '../config/keys.ts';
import type { Session } from '../database/session.ts';
import { tableTest } from './filter.ts';
import { fullName, quotedName, type TableId } from './table-id.ts';

/** The tables that the configuration names, in the order of their names. */
export async function findTables(session: Session, config: JdbcSourceConfig): Promise<readonly TableId[]> {
  const all = await session.tables({
    catalogPattern: config['catalog.pattern'],
    schemaPattern: config['schema.pattern'],
    types: config['table.types'],
  });
  return all.filter(tableTest(config));
}

/** SOURCE_SETUP where two tables would be written to one topic, or have one stored offset. */
export function refuseSameNames(tables: readonly TableId[]): void {
  refuse(tables, ({ name }) => name, 'would be written to one topic');
  refuse(tables, fullName, 'would have one stored offset');
}

function refuse(tables: readonly TableId[], by: (table: TableId) => string, consequence: string): void {
  const same = [...Map.groupBy(tables, by).values()].find(group => group.length > 1);
  if (same === undefined) return;
  throw new MillraceError(
    'SOURCE_SETUP',
    `${same.map(quotedName).join(' and ')} ${consequence}: narrow the choice by schema.pattern, catalog.pattern or table.include.list, or use a connector for each`,
  );
}

/** Task configurations: neighbours together, as evenly as it goes. The first task also takes tables that appear later. */
export function spread(tables: readonly TableId[], tasksMax: number): readonly Record<string, string>[] {
  const names = tables.map(fullName);
  const count = Math.max(1, Math.min(tasksMax, names.length));
  const starts = Array.from({ length: count + 1 }, (_, task) => Math.round((task * names.length) / count));
  return starts.slice(0, -1).map((start, task): Record<string, string> => {
    const tables_ = JSON.stringify(names.slice(start, starts[task + 1]));
    return task > 0
      ? { tables: tables_ }
      : { tables: tables_, 'tables.of.others': JSON.stringify(names.slice(starts[1])) };
  });
}

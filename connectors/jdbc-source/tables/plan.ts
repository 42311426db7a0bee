import { MillraceError } from '../../../src/errors.ts';
import type { JdbcSourceConfig } from '../config/keys.ts';
import type { Session } from '../database/session.ts';
import { tableFilter } from './filter.ts';
import { fullName, quotedName, type TableId } from './table-id.ts';

/** Tables that match the configuration, sorted by name. */
export async function findTables(session: Session, config: JdbcSourceConfig): Promise<readonly TableId[]> {
  const all = await session.tables({
    catalogPattern: config['catalog.pattern'],
    schemaPattern: config['schema.pattern'],
    types: config['table.types'],
  });
  return all.filter(tableFilter(config));
}

/** Throws SOURCE_SETUP if two tables would be written to the same topic or share a stored offset. */
export function rejectConflictingTables(tables: readonly TableId[]): void {
  rejectDuplicates(tables, ({ name }) => name, 'would be written to the same topic');
  rejectDuplicates(tables, fullName, 'would share a stored offset');
}

function rejectDuplicates(tables: readonly TableId[], by: (table: TableId) => string, consequence: string): void {
  const same = [...Map.groupBy(tables, by).values()].find(group => group.length > 1);
  if (same === undefined) return;
  throw new MillraceError(
    'SOURCE_SETUP',
    `${same.map(quotedName).join(' and ')} ${consequence}: restrict the tables with schema.pattern, catalog.pattern or table.include.list, or use one connector for each`,
  );
}

/** Task configurations with evenly distributed, consecutive tables. The first task also reads tables that are added later. */
export function distributeTables(tables: readonly TableId[], tasksMax: number): readonly Record<string, string>[] {
  const names = tables.map(fullName);
  const count = Math.max(1, Math.min(tasksMax, names.length));
  const starts = Array.from({ length: count + 1 }, (_, task) => Math.round((task * names.length) / count));
  return starts.slice(0, -1).map((start, task): Record<string, string> => {
    const assigned = JSON.stringify(names.slice(start, starts[task + 1]));
    return task > 0
      ? { tables: assigned }
      : { tables: assigned, 'tables.of.others': JSON.stringify(names.slice(starts[1])) };
  });
}

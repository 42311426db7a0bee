import { javaMatcher, regexProblem } from '../../../src/config/java-regex/index.ts';
import type { Check } from '../../../src/config/spec.ts';
import { MillraceError } from '../../../src/errors.ts';
import { matchingNames, quotedName, type TableId } from '../tables/table-id.ts';

export type MappingSetting = 'timestamp.columns.mapping' | 'incrementing.column.mapping';

interface ColumnMapping {
  readonly expression: string;
  readonly columns: readonly string[];
}

/** Parses `regex:[col1|col2]`, or `regex:col` for an incrementing column. Throws Error. */
function parseMapping(text: string, setting: MappingSetting): ColumnMapping {
  const isList = setting === 'timestamp.columns.mapping';
  const [expression = '', columns, ...rest] = text.split(':').map(part => part.trim());
  if (columns === undefined || rest.length > 0)
    throw new Error(`${text}: Invalid format. Expected '${isList ? 'regex:[col1|col2|...]' : 'regex:columnName'}'`);
  const problem = regexProblem(expression);
  if (problem !== undefined) throw new Error(`${expression}: ${problem}`);
  if (!isList) {
    if (columns === '') throw new Error(`${text}: Column name cannot be empty`);
    return { expression, columns: [columns] };
  }
  if (!/^\[.*\]$/.test(columns)) throw new Error(`${columns}: Columns list must be enclosed in square brackets`);
  const names = columns
    .slice(1, -1)
    .split('|')
    .map(name => name.trim());
  if (names.includes('')) throw new Error(`${columns}: Every column name should be non-empty string`);
  return { expression, columns: names };
}

export const columnMappingCheck =
  (setting: MappingSetting): Check<readonly string[]> =>
  mappings => {
    for (const mapping of mappings)
      try {
        parseMapping(mapping, setting);
      } catch (error) {
        return { message: `Invalid value for configuration ${setting}: ${(error as Error).message}` };
      }
    return undefined;
  };

/** Columns that a key maps a table to. Throws SOURCE_SETUP if the table matches no mapping, or several. */
export function mappedColumns(mappings: readonly string[], setting: MappingSetting, table: TableId): readonly string[] {
  const names = matchingNames(table).slice(0, -1);
  const matching = mappings
    .map(text => parseMapping(text, setting))
    .filter(({ expression }) => names.some(javaMatcher([expression], { setting })));
  const [first, second] = matching;
  if (first !== undefined && second === undefined) return first.columns;
  throw new MillraceError(
    'SOURCE_SETUP',
    `${quotedName(table)} matches ${first === undefined ? 'none' : 'several'} of the regular expressions of ${setting}: each table must match exactly one`,
  );
}

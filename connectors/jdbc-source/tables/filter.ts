import { javaMatcher } from '../../../src/config/java-regex/index.ts';
import type { JdbcSourceConfig } from '../config/keys.ts';
import { matchingNames, type TableId } from './table-id.ts';

type Lists = Pick<
  JdbcSourceConfig,
  'table.whitelist' | 'table.blacklist' | 'table.include.list' | 'table.exclude.list'
>;

/** Predicate for tables to copy, from lists of names, quoted or not, and lists of regular expressions for full names. */
export function tableFilter(lists: Lists): (table: TableId) => boolean {
  const white = new Set(lists['table.whitelist'].map(unquoted));
  const black = new Set(lists['table.blacklist'].map(unquoted));
  const include = javaMatcher(lists['table.include.list'], { setting: 'table.include.list' });
  const exclude = javaMatcher(lists['table.exclude.list'], { setting: 'table.exclude.list' });
  return table => {
    const names = matchingNames(table);
    const full = names.slice(0, -1);
    if (white.size > 0 && !names.some(name => white.has(name))) return false;
    if (names.some(name => black.has(name))) return false;
    if (lists['table.include.list'].length > 0 && !full.some(include)) return false;
    return !full.some(exclude);
  };
}

/** `"public"."users"` and `` `shop`.`users` `` as `public.users` and `shop.users`. */
const unquoted = (name: string): string => name.replace(/["`]/g, '');

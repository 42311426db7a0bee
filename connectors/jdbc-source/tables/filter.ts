import { javaRegexMatching } from '../../../src/config/java-regex.ts';
import type { JdbcSourceConfig } from '../config/keys.ts';
import { namesOf, type TableId } from './table-id.ts';

type Lists = Pick<
  JdbcSourceConfig,
  'table.whitelist' | 'table.blacklist' | 'table.include.list' | 'table.exclude.list'
>;

/** Whether a table is copied: the lists of names, quoted or not, and the lists of expressions for full names. */
export function tableTest(lists: Lists): (table: TableId) => boolean {
  const white = new Set(lists['table.whitelist'].map(unquoted));
  const black = new Set(lists['table.blacklist'].map(unquoted));
  const include = lists['table.include.list'].map(expression => javaRegexMatching(expression));
  const exclude = lists['table.exclude.list'].map(expression => javaRegexMatching(expression));
  return table => {
    const names = namesOf(table);
    const full = names.slice(0, -1);
    if (white.size > 0 && !names.some(name => white.has(name))) return false;
    if (names.some(name => black.has(name))) return false;
    if (include.length > 0 && !include.some(expression => full.some(name => expression.test(name)))) return false;
    return !exclude.some(expression => full.some(name => expression.test(name)));
  };
}

/** `"public"."users"` and `` `shop`.`users` `` as `public.users` and `shop.users`. */
const unquoted = (name: string): string => name.replace(/["`]/g, '');

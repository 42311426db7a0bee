import type { Bound } from '../../../src/cdc/snapshot/chunk.ts';
import { quoteIdentifier, quoteLiteral } from '../../../src/databases/postgresql/quote.ts';
import type { KeyColumn } from '../catalog/relation.ts';
import type { Sql } from '../session/sql.ts';

/**
 * Keys are compared here only where that is sure to be the server's own order; all others by the server, under the
 * columns' own collation.
 */

/** int2, int4, int8, oid */
const WHOLE = new Set([21, 23, 20, 26]);
const UUID = 2950;

/** Below 0: a comes first. undefined: only the server can tell. */
export function compareHere(key: readonly KeyColumn[], a: Bound, b: Bound): number | undefined {
  for (const [i, { type }] of key.entries()) {
    const [left, right] = [a[i] as string, b[i] as string];
    if (left === right) continue;
    if (WHOLE.has(type)) return BigInt(left) < BigInt(right) ? -1 : 1;
    if (type === UUID) return left < right ? -1 : 1;
    return undefined;
  }
  return 0;
}

/** `("a", "b") > ('1', 'x')`: the literals take the columns' types and collations. */
export function comparison(key: readonly KeyColumn[], operator: '>' | '<=', bound: Bound): string {
  const columns = key.map(({ name }) => `t.${quoteIdentifier(name)}`).join(', ');
  return key.length === 1
    ? `${columns} ${operator} ${quoteLiteral(bound[0] as string)}`
    : `(${columns}) ${operator} (${bound.map(quoteLiteral).join(', ')})`;
}

/** Pairs of keys, whether the first is greater than the second. */
export type Pair = readonly [key: Bound, bound: Bound];

/** Asks the server about many pairs at once. */
export async function greater(sql: Sql, key: readonly KeyColumn[], pairs: readonly Pair[]): Promise<boolean[]> {
  const row = (bound: Bound) =>
    `ROW(${key.map(({ typeName, collation }, i) => {
      const literal = `${quoteLiteral(bound[i] as string)}::${typeName}`;
      return collation === null ? literal : `${literal} COLLATE ${collation}`;
    })})`;
  const rows = await sql.query<{ greater: boolean }>(
    'comparing keys',
    `SELECT greater FROM (VALUES ${pairs.map(([left, right], n) => `(${n}, ${row(left)} > ${row(right)})`)}) p(n, greater) ORDER BY n`,
  );
  return rows.map(one => one.greater);
}

/** For each bound its place in the table's order; bounds that the table holds to be equal share one. */
export async function ranks(sql: Sql, key: readonly KeyColumn[], bounds: readonly Bound[]): Promise<number[]> {
  if (key.every(({ type }) => WHOLE.has(type) || type === UUID)) return ranksHere(key, bounds);
  if (bounds.length === 0) return [];
  const columns = key.map((_, i) => `k${i}`);
  const rows = await sql.query<{ rank: string }>(
    'ordering keys',
    `SELECT dense_rank() OVER (ORDER BY ${key.map(({ collation }, i) => (collation === null ? `k${i}` : `k${i} COLLATE ${collation}`))}) AS rank
     FROM (VALUES ${bounds.map(
       (bound, n) => `(${n}, ${key.map(({ typeName }, i) => `${quoteLiteral(bound[i] as string)}::${typeName}`)})`,
     )}) b(n, ${columns}) ORDER BY n`,
  );
  return rows.map(({ rank }) => Number(rank));
}

function ranksHere(key: readonly KeyColumn[], bounds: readonly Bound[]): number[] {
  const text = (bound: Bound) => JSON.stringify(bound);
  const inOrder = [...bounds].sort((a, b) => compareHere(key, a, b) ?? 0);
  const places = new Map(inOrder.map((bound, place) => [text(bound), place]));
  return bounds.map(bound => places.get(text(bound)) as number);
}

import { isRegular, sizeOf } from './analysis.ts';
import { everyChar } from './char-set.ts';
import { childrenOf, type Node } from './syntax.ts';

/** Patterns that must all match a whole text, or, where `holds` is false, must not. */
export type Conditions = readonly { readonly root: Node; readonly holds: boolean }[];

/** Patterns are put together up to this size: one search of many alternatives instead of many searches. */
const TOGETHER = 10_000;

/**
 * The same as patterns that an engine without backtracking can run, where that is possible: a whole text matches where
 * all conditions of one of these hold. Look-ahead at the beginning and look-behind at the end, which are the most
 * frequent ones, become conditions of their own; regular patterns become a few large ones.
 */
export function wholeMatches(roots: readonly Node[]): Conditions[] {
  const each = roots.flatMap(optionsOf).map(conditionsOf);
  const plain = each.filter(isPlain).map(([{ root }]) => root);
  return [...united(plain).map(root => [{ root, holds: true }]), ...each.filter(conditions => !isPlain(conditions))];
}

const isPlain = (conditions: Conditions): conditions is readonly [Conditions[number]] =>
  conditions.length === 1 && conditions.every(({ root }) => isRegular(root));

const optionsOf = (node: Node): readonly Node[] =>
  node.type === 'choice' && !isRegular(node) ? node.options.flatMap(optionsOf) : [node];

function conditionsOf(root: Node): Conditions {
  if (hasReference(root)) return [{ root, holds: true }];
  const items = itemsOf(root);
  const conditions: { readonly root: Node; readonly holds: boolean }[] = [];
  let start = 0;
  for (; start < items.length; start++) {
    const first = items[start] as Node;
    if (first.type === 'look' && !first.behind) conditions.push(condition(first, [first.item, anything]));
    else if (first.type !== 'edge' || first.edge !== 'inputStart') break;
  }
  let end = items.length;
  for (; end > start; end--) {
    const last = items[end - 1] as Node;
    if (last.type === 'look' && last.behind) conditions.push(condition(last, [anything, last.item]));
    else if (last.type !== 'edge' || !ends.has(last.edge)) break;
  }
  return [{ root: { type: 'sequence', items: items.slice(start, end) }, holds: true }, ...conditions];
}

const condition = ({ negative }: Node & { type: 'look' }, items: readonly Node[]) => ({
  root: { type: 'sequence', items } as const,
  holds: !negative,
});

const ends: ReadonlySet<string> = new Set(['inputEnd', 'lastLineEnd', 'unixLastLineEnd']);
const anything: Node = {
  type: 'repeat',
  item: { type: 'chars', set: everyChar },
  min: 0,
  max: Number.POSITIVE_INFINITY,
  lazy: false,
};

const itemsOf = (node: Node): readonly Node[] =>
  node.type === 'sequence' ? node.items.flatMap(itemsOf) : node.type === 'capture' ? itemsOf(node.item) : [node];

const hasReference = (node: Node): boolean => node.type === 'reference' || childrenOf(node).some(hasReference);

function united(roots: readonly Node[]): Node[] {
  const result: Node[] = [];
  let options: Node[] = [];
  let size = 0;
  for (const root of roots.map(withoutCaptures)) {
    const own = sizeOf(root);
    if (size + own > TOGETHER && options.length > 0) {
      result.push({ type: 'choice', options });
      options = [];
      size = 0;
    }
    options.push(root);
    size += own;
  }
  if (options.length > 0) result.push({ type: 'choice', options });
  return result;
}

function withoutCaptures(node: Node): Node {
  switch (node.type) {
    case 'capture':
      return { type: 'sequence', items: [withoutCaptures(node.item)] };
    case 'sequence':
      return { ...node, items: node.items.map(withoutCaptures) };
    case 'choice':
      return { ...node, options: node.options.map(withoutCaptures) };
    case 'repeat':
      return { ...node, item: withoutCaptures(node.item) };
    default:
      return node;
  }
}

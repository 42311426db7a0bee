import { isRegular, sizeOf } from './analysis.ts';
import { everyChar } from './char-set.ts';
import { childrenOf, type Node } from './syntax.ts';

/** Patterns that must all match a whole text, or must not match it if `isExpected` is false. */
export type Conditions = readonly { readonly root: Node; readonly isExpected: boolean }[];

/** Maximum size of combined patterns. One search with many alternatives is faster than many searches. */
const MAX_COMBINED_SIZE = 10_000;

/**
 * Transforms patterns so that an engine without backtracking can run them if possible: a whole text matches if all
 * conditions of one list are met. Lookahead at the start and lookbehind at the end, the most frequent forms, become
 * separate conditions; regular patterns are combined into a few large ones.
 */
export function wholeMatches(roots: readonly Node[]): Conditions[] {
  const conditionLists = roots.flatMap(alternativesOf).map(conditionsOf);
  const regularRoots = conditionLists.filter(isPlain).map(([{ root }]) => root);
  return [
    ...combine(regularRoots).map(root => [{ root, isExpected: true }]),
    ...conditionLists.filter(conditions => !isPlain(conditions)),
  ];
}

const isPlain = (conditions: Conditions): conditions is readonly [Conditions[number]] =>
  conditions.length === 1 && conditions.every(({ root }) => isRegular(root));

const alternativesOf = (node: Node): readonly Node[] =>
  node.type === 'choice' && !isRegular(node) ? node.options.flatMap(alternativesOf) : [node];

function conditionsOf(root: Node): Conditions {
  if (hasReference(root)) return [{ root, isExpected: true }];
  const items = itemsOf(root);
  const conditions: { readonly root: Node; readonly isExpected: boolean }[] = [];
  let start = 0;
  for (; start < items.length; start++) {
    const first = items[start] as Node;
    if (first.type === 'look' && !first.lookbehind) conditions.push(condition(first, [first.item, ANY_TEXT]));
    else if (first.type !== 'edge' || first.edge !== 'inputStart') break;
  }
  let end = items.length;
  for (; end > start; end--) {
    const last = items[end - 1] as Node;
    if (last.type === 'look' && last.lookbehind) conditions.push(condition(last, [ANY_TEXT, last.item]));
    else if (last.type !== 'edge' || !endEdges.has(last.edge)) break;
  }
  return [{ root: { type: 'sequence', items: items.slice(start, end) }, isExpected: true }, ...conditions];
}

const condition = ({ negative }: Node & { type: 'look' }, items: readonly Node[]) => ({
  root: { type: 'sequence', items } as const,
  isExpected: !negative,
});

const endEdges: ReadonlySet<string> = new Set(['inputEnd', 'lastLineEnd', 'unixLastLineEnd']);
const ANY_TEXT: Node = {
  type: 'repeat',
  item: { type: 'chars', set: everyChar },
  min: 0,
  max: Number.POSITIVE_INFINITY,
  lazy: false,
};

const itemsOf = (node: Node): readonly Node[] =>
  node.type === 'sequence' ? node.items.flatMap(itemsOf) : node.type === 'capture' ? itemsOf(node.item) : [node];

const hasReference = (node: Node): boolean => node.type === 'reference' || childrenOf(node).some(hasReference);

function combine(roots: readonly Node[]): Node[] {
  const result: Node[] = [];
  let options: Node[] = [];
  let size = 0;
  for (const root of roots.map(withoutCaptures)) {
    const ownSize = sizeOf(root);
    if (size + ownSize > MAX_COMBINED_SIZE && options.length > 0) {
      result.push({ type: 'choice', options });
      options = [];
      size = 0;
    }
    options.push(root);
    size += ownSize;
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

import { childrenOf, lineBreak, type Node } from './syntax.ts';

/** The largest product of counts of repetitions that stand in each other. */
export function largestCount(node: Node): number {
  const within = childrenOf(node).reduce((most, child) => Math.max(most, largestCount(child)), 1);
  if (node.type !== 'repeat') return within;
  return within * Math.max(1, node.max === Number.POSITIVE_INFINITY ? node.min : node.max);
}

/** What a node costs an engine, which unrolls repetitions. */
export function sizeOf(node: Node): number {
  if (node.type === 'chars') return Math.max(1, node.set.length / 2);
  if (node.type !== 'repeat') return childrenOf(node).reduce((size, child) => size + sizeOf(child), 1);
  const times = node.max === Number.POSITIVE_INFINITY ? node.min : node.max;
  return 1 + sizeOf(node.item) * Math.max(1, times);
}

/** Whether `$`, `\Z` or an anchor of MULTILINE is there, whose place depends on line terminators. */
export const dependsOnLines = (node: Node): boolean =>
  node.type === 'edge' ? /line/i.test(node.edge) : childrenOf(node).some(dependsOnLines);

/** Whether an engine without backtracking can run it. */
export const isRegular = (node: Node): boolean =>
  node.type !== 'look' && node.type !== 'atomic' && node.type !== 'reference' && childrenOf(node).every(isRegular);

/** The most characters that it matches, as far as Java sees it. */
export function longest(node: Node): number {
  switch (node.type) {
    case 'chars':
      return 1;
    case 'sequence':
      return node.items.reduce((sum, item) => sum + longest(item), 0);
    case 'choice':
      return Math.max(...node.options.map(longest));
    case 'repeat':
      // Java does not look at the item of an unbounded repetition, nor add up the rounds of a group of varying length.
      if (node.max === Number.POSITIVE_INFINITY) return node.max;
      return node.max > 1 && !isOfOneLength(node.item) ? Number.POSITIVE_INFINITY : longest(node.item) * node.max;
    case 'capture':
    case 'atomic':
      return longest(node.item);
    case 'reference':
      return Number.POSITIVE_INFINITY;
    default:
      return 0;
  }
}

/**
 * Whether a round of a repetition, once matched, is not matched in another way: Java does so where its item is of one
 * length, and `\R` counts as such.
 */
export const hasFinalRounds = (item: Node): boolean => isOfOneLength(item) && hasLineBreak(item);

const hasLineBreak = (node: Node): boolean => node === lineBreak || childrenOf(node).some(hasLineBreak);

/** As `java.util.regex.Pattern` decides it: by the form of the pattern, not by the lengths of its parts. */
function isOfOneLength(node: Node): boolean {
  if (node === lineBreak) return true;
  if (node.type === 'choice') return false;
  if (node.type === 'repeat' && node.min !== node.max) return false;
  return childrenOf(node).every(isOfOneLength);
}

/**
 * Whether it holds a repetition in which a round may be empty. Java ends the repetition with such a round, ECMAScript
 * looks for another way through it first: what they match in the end is the same, what they match first is not.
 */
export const hasEmptyRounds = (node: Node): boolean =>
  (node.type === 'repeat' && node.max > Math.max(1, node.min) && isNullable(node.item)) ||
  childrenOf(node).some(hasEmptyRounds);

export function isNullable(node: Node): boolean {
  switch (node.type) {
    case 'chars':
      return false;
    case 'repeat':
      return node.min === 0 || isNullable(node.item);
    case 'sequence':
      return node.items.every(isNullable);
    case 'choice':
      return node.options.some(isNullable);
    case 'capture':
    case 'atomic':
      return isNullable(node.item);
    default:
      return true;
  }
}

/**
 * Groups about whose text engines differ: those in a repetition whose item can match the empty text, those in a
 * look-behind, and those that need not take part in every round of a repetition, which ECMAScript forgets.
 */
export function doubtfulGroups(node: Node, isDoubtful = false): ReadonlySet<number> {
  const own = node.type === 'capture' && isDoubtful ? [node.group] : [];
  const below = (child: Node): boolean =>
    isDoubtful ||
    (node.type === 'look' && node.behind) ||
    (node.type === 'repeat' && node.max > 1 && (isNullable(child) || hasOptionalGroup(child)));
  return new Set([...own, ...childrenOf(node).flatMap(child => [...doubtfulGroups(child, below(child))])]);
}

const hasGroup = (node: Node): boolean => node.type === 'capture' || childrenOf(node).some(hasGroup);
const hasOptionalGroup = (node: Node): boolean =>
  node.type === 'choice' || (node.type === 'repeat' && node.min === 0)
    ? hasGroup(node)
    : childrenOf(node).some(hasOptionalGroup);

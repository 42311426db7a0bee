import { childrenOf, lineBreak, type Node } from './syntax.ts';

/** Largest product of the counts of nested repetitions. */
export function largestRepeatCount(node: Node): number {
  const innerCount = childrenOf(node).reduce((most, child) => Math.max(most, largestRepeatCount(child)), 1);
  if (node.type !== 'repeat') return innerCount;
  return innerCount * Math.max(1, node.max === Number.POSITIVE_INFINITY ? node.min : node.max);
}

/** Size of a node in an engine, which unrolls repetitions. */
export function sizeOf(node: Node): number {
  if (node.type === 'chars') return Math.max(1, node.set.length / 2);
  if (node.type !== 'repeat') return childrenOf(node).reduce((size, child) => size + sizeOf(child), 1);
  const count = node.max === Number.POSITIVE_INFINITY ? node.min : node.max;
  return 1 + sizeOf(node.item) * Math.max(1, count);
}

/** True with `$`, `\Z` or an anchor of MULTILINE, which depend on line terminators. */
export const dependsOnLines = (node: Node): boolean =>
  node.type === 'edge' ? /line/i.test(node.edge) : childrenOf(node).some(dependsOnLines);

/** True if an engine without backtracking can run the node. */
export const isRegular = (node: Node): boolean =>
  node.type !== 'look' && node.type !== 'atomic' && node.type !== 'reference' && childrenOf(node).every(isRegular);

/** Maximum length of a match, as Java computes it. */
export function maxLength(node: Node): number {
  switch (node.type) {
    case 'chars':
      return 1;
    case 'sequence':
      return node.items.reduce((sum, item) => sum + maxLength(item), 0);
    case 'choice':
      return Math.max(...node.options.map(maxLength));
    case 'repeat':
      // Java does not compute the length of unbounded repetitions, nor of repeated groups of varying length.
      if (node.max === Number.POSITIVE_INFINITY) return node.max;
      return node.max > 1 && !hasFixedLength(node.item) ? Number.POSITIVE_INFINITY : maxLength(node.item) * node.max;
    case 'capture':
    case 'atomic':
      return maxLength(node.item);
    case 'reference':
      return Number.POSITIVE_INFINITY;
    default:
      return 0;
  }
}

/**
 * True if Java does not backtrack into the iterations of a repetition of this item: for items of fixed length, among which
 * Java counts `\R`.
 */
export const isPossessiveInRepeat = (item: Node): boolean => hasFixedLength(item) && hasLineBreak(item);

const hasLineBreak = (node: Node): boolean => node === lineBreak || childrenOf(node).some(hasLineBreak);

/** Rule of `java.util.regex.Pattern`, which depends on the syntax, not on the lengths of the parts. */
function hasFixedLength(node: Node): boolean {
  if (node === lineBreak) return true;
  if (node.type === 'choice') return false;
  if (node.type === 'repeat' && node.min !== node.max) return false;
  return childrenOf(node).every(hasFixedLength);
}

/**
 * True for a repetition with possibly empty iterations. Java ends the repetition after an empty iteration, ECMAScript
 * tries alternatives first: they match the same texts, but may find different first matches.
 */
export const hasEmptyIterations = (node: Node): boolean =>
  (node.type === 'repeat' && node.max > Math.max(1, node.min) && isNullable(node.item)) ||
  childrenOf(node).some(hasEmptyIterations);

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
 * Groups whose text may differ between engines: groups in a repetition whose item can match the empty text, groups in a
 * lookbehind, and groups that may not participate in each iteration of a repetition, which ECMAScript resets.
 */
export function doubtfulGroups(node: Node, isDoubtful = false): ReadonlySet<number> {
  const ownGroup = node.type === 'capture' && isDoubtful ? [node.group] : [];
  const isChildDoubtful = (child: Node): boolean =>
    isDoubtful ||
    (node.type === 'look' && node.lookbehind) ||
    (node.type === 'repeat' && node.max > 1 && (isNullable(child) || hasOptionalGroup(child)));
  return new Set([
    ...ownGroup,
    ...childrenOf(node).flatMap(child => [...doubtfulGroups(child, isChildDoubtful(child))]),
  ]);
}

const hasGroup = (node: Node): boolean => node.type === 'capture' || childrenOf(node).some(hasGroup);
const hasOptionalGroup = (node: Node): boolean =>
  node.type === 'choice' || (node.type === 'repeat' && node.min === 0)
    ? hasGroup(node)
    : childrenOf(node).some(hasOptionalGroup);

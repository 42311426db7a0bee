import { doubtfulGroups, hasEmptyIterations, isRegular, largestRepeatCount, maxLength, sizeOf } from './analysis.ts';
import type { ReplacementPart } from './replacement.ts';
import { childrenOf, type Node } from './syntax.ts';

/** Size limits of RE2 and of V8, which has the lower one. */
const MAX_SIZE = 100_000;
const MAX_IRREGULAR_SIZE = 10_000;
/** Largest repeat count of RE2. */
const MAX_RE2_COUNT = 1000;

/** Throws SyntaxError for a valid Java pattern that the engines would interpret differently or not support. */
export function checkMatcher(root: Node): void {
  const isForRe2 = isRegular(root) && largestRepeatCount(root) <= MAX_RE2_COUNT;
  if (sizeOf(root) > (isForRe2 ? MAX_SIZE : MAX_IRREGULAR_SIZE))
    throw new SyntaxError('The pattern is too large, or its repetitions make it too large');
  if (
    someNode(root, node => node.type === 'look' && node.lookbehind && maxLength(node.item) === Number.POSITIVE_INFINITY)
  )
    throw new SyntaxError('Look-behind group does not have an obvious maximum length');
  if (someNode(root, node => node.type === 'look' && node.lookbehind && someNode(node.item, isAtomic)))
    throw new SyntaxError('An atomic group or a possessive quantifier in a lookbehind is not supported');
  if (someNode(root, node => node.type === 'reference')) groupsSetAfter(root, new Set(), false);
  if (someNode(root, node => isAtomic(node) || node.type === 'reference')) rejectEmptyIterations(root);
}

/** Stricter than `checkMatcher`: the first match and its groups must also be the same as in Java. */
export function checkReplacer(root: Node, parts: readonly ReplacementPart[]): void {
  checkMatcher(root);
  if (!isRegular(root)) rejectEmptyIterations(root);
  const doubtful = doubtfulGroups(root);
  const group = parts.find(part => typeof part === 'number' && doubtful.has(part));
  if (group !== undefined)
    throw new SyntaxError(`Group ${group} is in a repetition or lookbehind in which its text may differ from Java`);
}

function rejectEmptyIterations(root: Node): void {
  if (hasEmptyIterations(root))
    throw new SyntaxError(
      'A repetition of an item that can match the empty text is not supported with look-around, back-references, atomic groups and possessive quantifiers',
    );
}

const isAtomic = (node: Node): boolean => node.type === 'atomic';

const someNode = (node: Node, predicate: (node: Node) => boolean): boolean =>
  predicate(node) || childrenOf(node).some(child => someNode(child, predicate));

/**
 * Groups that are always set after the node matched. Throws SyntaxError for a back-reference to another group, which fails
 * in Java but matches the empty text in ECMAScript.
 */
function groupsSetAfter(node: Node, before: ReadonlySet<number>, isInLookbehind: boolean): ReadonlySet<number> {
  switch (node.type) {
    case 'reference':
      if (isInLookbehind || !before.has(node.group))
        throw new SyntaxError(
          `A back-reference to group ${node.group}, which may not have matched before it, is not supported`,
        );
      return before;
    case 'sequence':
      return node.items.reduce((set, item) => groupsSetAfter(item, set, isInLookbehind), before);
    case 'choice':
      return intersect(node.options.map(option => groupsSetAfter(option, before, isInLookbehind)));
    case 'repeat': {
      const after = groupsSetAfter(node.item, before, isInLookbehind);
      return node.min === 0 ? before : after;
    }
    case 'look': {
      const after = groupsSetAfter(node.item, before, isInLookbehind || node.lookbehind);
      return node.negative || node.lookbehind ? before : after;
    }
    case 'capture':
      return new Set(groupsSetAfter(node.item, before, isInLookbehind)).add(node.group);
    case 'atomic':
      return groupsSetAfter(node.item, before, isInLookbehind);
    default:
      return before;
  }
}

function intersect(sets: readonly ReadonlySet<number>[]): ReadonlySet<number> {
  const [first = new Set(), ...others] = sets;
  return new Set([...first].filter(group => others.every(set => set.has(group))));
}

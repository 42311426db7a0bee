import { doubtfulGroups, hasEmptyRounds, isRegular, largestCount, longest, sizeOf } from './analysis.ts';
import type { ReplacementPart } from './replacement.ts';
import { childrenOf, type Node } from './syntax.ts';

/** Of RE2, and of V8, which refuses more. */
const LARGEST = 100_000;
const LARGEST_IRREGULAR = 10_000;
/** RE2 counts no further. */
const MOST_COUNTED = 1000;

/** Throws SyntaxError for a pattern of Java's that the engines would run in another way, or not at all. */
export function checkMatcher(root: Node): void {
  const isForRe2 = isRegular(root) && largestCount(root) <= MOST_COUNTED;
  if (sizeOf(root) > (isForRe2 ? LARGEST : LARGEST_IRREGULAR))
    throw new SyntaxError('The pattern is too large, or its repetitions make it too large');
  if (has(root, node => node.type === 'look' && node.behind && longest(node.item) === Number.POSITIVE_INFINITY))
    throw new SyntaxError('Look-behind group does not have an obvious maximum length');
  if (has(root, node => node.type === 'look' && node.behind && has(node.item, isAtomic)))
    throw new SyntaxError('An atomic group or a possessive quantifier in a look-behind is not supported');
  if (has(root, node => node.type === 'reference')) setAfter(root, new Set(), false);
  if (has(root, node => isAtomic(node) || node.type === 'reference')) refuseEmptyRounds(root);
}

/** As `checkMatcher`, where the first match and its groups count as well. */
export function checkReplacer(root: Node, parts: readonly ReplacementPart[]): void {
  checkMatcher(root);
  if (!isRegular(root)) refuseEmptyRounds(root);
  const doubtful = doubtfulGroups(root);
  const group = parts.find(part => typeof part === 'number' && doubtful.has(part));
  if (group !== undefined)
    throw new SyntaxError(`Group ${group} stands in a repetition or look-behind where its text is not certain`);
}

function refuseEmptyRounds(root: Node): void {
  if (hasEmptyRounds(root))
    throw new SyntaxError(
      'A repetition of what can match the empty text is not supported beside look-around, back-references, atomic groups and possessive quantifiers',
    );
}

const isAtomic = (node: Node): boolean => node.type === 'atomic';

const has = (node: Node, holds: (node: Node) => boolean): boolean =>
  holds(node) || childrenOf(node).some(child => has(child, holds));

/**
 * The groups that have a text after the node, whichever way it matched. Throws SyntaxError for a back-reference to another
 * group: Java matches nothing there, ECMAScript the empty text.
 */
function setAfter(node: Node, before: ReadonlySet<number>, isBehind: boolean): ReadonlySet<number> {
  switch (node.type) {
    case 'reference':
      if (isBehind || !before.has(node.group))
        throw new SyntaxError(
          `A back-reference to group ${node.group}, which need not have matched before it, is not supported`,
        );
      return before;
    case 'sequence':
      return node.items.reduce((set, item) => setAfter(item, set, isBehind), before);
    case 'choice':
      return inEach(node.options.map(option => setAfter(option, before, isBehind)));
    case 'repeat': {
      const after = setAfter(node.item, before, isBehind);
      return node.min === 0 ? before : after;
    }
    case 'look': {
      const after = setAfter(node.item, before, isBehind || node.behind);
      return node.negative || node.behind ? before : after;
    }
    case 'capture':
      return new Set(setAfter(node.item, before, isBehind)).add(node.group);
    case 'atomic':
      return setAfter(node.item, before, isBehind);
    default:
      return before;
  }
}

function inEach(sets: readonly ReadonlySet<number>[]): ReadonlySet<number> {
  const [first = new Set(), ...others] = sets;
  return new Set([...first].filter(group => others.every(set => set.has(group))));
}

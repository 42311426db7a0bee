import { type CharSet, charsOf } from './char-set.ts';
import { verticalSpaces } from './properties.ts';

/** Syntax tree of a Java regular expression, with flags, case and character classes resolved to sets of code points. */
export type Node =
  | { readonly type: 'chars'; readonly set: CharSet }
  | { readonly type: 'sequence'; readonly items: readonly Node[] }
  | { readonly type: 'choice'; readonly options: readonly Node[] }
  | { readonly type: 'repeat'; readonly item: Node; readonly min: number; readonly max: number; readonly lazy: boolean }
  | { readonly type: 'capture'; readonly group: number; readonly item: Node }
  /** A group without backtracking: `(?>X)`, or the possessive `X*+`. */
  | { readonly type: 'atomic'; readonly item: Node }
  | { readonly type: 'look'; readonly lookbehind: boolean; readonly negative: boolean; readonly item: Node }
  | { readonly type: 'reference'; readonly group: number }
  | { readonly type: 'edge'; readonly edge: Edge };

/**
 * `lineStart`, `lineEnd`: `^` and `$` with MULTILINE. `lastLineEnd`: `$` and `\Z`, which also match before a final line
 * terminator. The `unix` variants only recognize `\n` as a line terminator.
 */
export type Edge =
  | 'inputStart'
  | 'inputEnd'
  | 'lineStart'
  | 'lineEnd'
  | 'lastLineEnd'
  | 'unixLineStart'
  | 'unixLineEnd'
  | 'unixLastLineEnd'
  | 'wordBoundary'
  | 'noWordBoundary';

export interface JavaSyntax {
  readonly root: Node;
  /** Number of capturing groups. */
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
}

/** Direct children of a node. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.type) {
    case 'sequence':
      return node.items;
    case 'choice':
      return node.options;
    case 'chars':
    case 'reference':
    case 'edge':
      return [];
    default:
      return [node.item];
  }
}

/** `\R` */
export const lineBreak: Node = {
  type: 'choice',
  options: [
    {
      type: 'sequence',
      items: [
        { type: 'chars', set: charsOf('\r') },
        { type: 'chars', set: charsOf('\n') },
      ],
    },
    { type: 'chars', set: verticalSpaces },
  ],
};

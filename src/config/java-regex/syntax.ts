import { type CharSet, charsOf } from './char-set.ts';
import { verticalSpaces } from './properties.ts';

/** A Java regular expression, with flags, case and character classes resolved into sets of code points. */
export type Node =
  | { readonly type: 'chars'; readonly set: CharSet }
  | { readonly type: 'sequence'; readonly items: readonly Node[] }
  | { readonly type: 'choice'; readonly options: readonly Node[] }
  | { readonly type: 'repeat'; readonly item: Node; readonly min: number; readonly max: number; readonly lazy: boolean }
  | { readonly type: 'capture'; readonly group: number; readonly item: Node }
  /** Never backtracked into: `(?>X)`, and `X*+` around `X*`. */
  | { readonly type: 'atomic'; readonly item: Node }
  | { readonly type: 'look'; readonly behind: boolean; readonly negative: boolean; readonly item: Node }
  | { readonly type: 'reference'; readonly group: number }
  | { readonly type: 'edge'; readonly edge: Edge };

/**
 * `lineStart`, `lineEnd`: `^` and `$` of MULTILINE. `lastLineEnd`: `$` and `\Z`, also before a line terminator at the
 * end. The `unix` ones know no line terminator but `\n`.
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

/** The nodes directly within a node. */
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

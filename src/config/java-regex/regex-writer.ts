import { type CharSet, rangesOf } from './char-set.ts';
import type { Edge, Node } from './syntax.ts';

/** Syntax of an engine. */
interface Dialect {
  char(code: number): string;
  /** A pattern that never matches. */
  readonly never: string;
  readonly edges: Readonly<Record<Edge, string>>;
  capture(group: number, item: string): string;
  /** Absent if the engine does not support it. */
  readonly atomic?: (item: string, id: number) => string;
  readonly look?: (lookbehind: boolean, negative: boolean, item: string) => string;
  readonly reference?: (group: number) => string;
}

const alphanumeric = /^[A-Za-z0-9]$/;
const charEscape =
  (open: string) =>
  (code: number): string => {
    const char = String.fromCodePoint(code);
    return alphanumeric.test(char) ? char : `${open}{${code.toString(16)}}`;
  };

/** For texts that are not empty and have no line terminator, for which all kinds of line ends equal the end of input. */
const re2: Dialect = {
  char: charEscape('\\x'),
  never: '[^\\x{0}-\\x{10ffff}]',
  edges: {
    inputStart: '\\A',
    lineStart: '\\A',
    unixLineStart: '\\A',
    inputEnd: '\\z',
    lineEnd: '\\z',
    lastLineEnd: '\\z',
    unixLineEnd: '\\z',
    unixLastLineEnd: '\\z',
    wordBoundary: '\\b',
    noWordBoundary: '\\B',
  },
  capture: (_group, item) => `(${item})`,
};

/** For the flag u. An atomic group is emulated with a lookahead, which is not backtracked into. */
const ecmaScript: Dialect = {
  char: charEscape('\\u'),
  never: '[]',
  edges: {
    inputStart: '^',
    lineStart: '(?:(?:^|(?<=\\r)(?!\\n)|(?<=[\\n\\u0085\\u2028\\u2029]))(?!$))',
    unixLineStart: '(?:(?:^|(?<=\\n))(?!$))',
    inputEnd: '$',
    lineEnd: '(?:(?=$|[\\r\\u0085\\u2028\\u2029])|(?<!\\r)(?=\\n))',
    lastLineEnd: '(?:(?=$|[\\r\\u0085\\u2028\\u2029]$|\\r\\n$)|(?<!\\r)(?=\\n$))',
    unixLineEnd: '(?=$|\\n)',
    unixLastLineEnd: '(?=$|\\n$)',
    wordBoundary: '\\b',
    noWordBoundary: '\\B',
  },
  capture: (group, item) => `(?<g${group}>${item})`,
  atomic: (item, id) => `(?=(?<a${id}>${item}))\\k<a${id}>`,
  look: (lookbehind, negative, item) => `(?${lookbehind ? '<' : ''}${negative ? '!' : '='}${item})`,
  reference: group => `\\k<g${group}>`,
};

/** Pattern for RE2; undefined with look-around, back-references and atomic groups, which RE2 does not support. */
export const toRe2 = (root: Node): string | undefined => new Writer(re2).write(root);

/** Pattern for ECMAScript with the flag u; the groups are named g1, g2 and so on. */
export const toEcmaScript = (root: Node): string => new Writer(ecmaScript).write(root) ?? '';

class Writer {
  readonly #dialect: Dialect;
  #atomics = 0;
  #isSupported = true;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  write(root: Node): string | undefined {
    const text = this.#text(root);
    return this.#isSupported ? text : undefined;
  }

  #text(node: Node): string {
    const { atomic, look, reference } = this.#dialect;
    switch (node.type) {
      case 'chars':
        return this.#chars(node.set);
      case 'sequence':
        return node.items.map(item => (item.type === 'choice' ? `(?:${this.#text(item)})` : this.#text(item))).join('');
      case 'choice':
        return node.options.map(option => this.#text(option)).join('|');
      case 'repeat':
        return this.#repeat(node);
      case 'capture':
        return this.#dialect.capture(node.group, this.#text(node.item));
      case 'edge':
        return this.#dialect.edges[node.edge];
      case 'atomic':
        return this.#supported(atomic?.(this.#text(node.item), ++this.#atomics));
      case 'look':
        return this.#supported(look?.(node.lookbehind, node.negative, this.#text(node.item)));
      case 'reference':
        return this.#supported(reference?.(node.group));
    }
  }

  #supported(text: string | undefined): string {
    if (text === undefined) this.#isSupported = false;
    return text === undefined ? '' : `(?:${text})`;
  }

  #repeat({ item, min, max, lazy }: Node & { type: 'repeat' }): string {
    const inner = this.#text(item);
    // An engine may reject an empty iteration of a repetition, but not an empty alternative.
    if (min === 0 && max === 1) return lazy ? `(?:|${inner})` : `(?:${inner}|)`;
    const atom = item.type === 'chars' || item.type === 'capture' ? inner : `(?:${inner})`;
    const isOpenRange = max === Number.POSITIVE_INFINITY && min <= 1;
    const count = isOpenRange ? (min === 0 ? '*' : '+') : `{${min},${max === Number.POSITIVE_INFINITY ? '' : max}}`;
    return atom + count + (lazy ? '?' : '');
  }

  #chars(set: CharSet): string {
    const { char, never } = this.#dialect;
    if (set.length === 0) return never;
    if (set.length === 2 && set[0] === set[1]) return char(set[0] as number);
    const ranges = rangesOf(set).map(([first, last]) =>
      first === last ? char(first) : `${char(first)}-${char(last)}`,
    );
    return `[${ranges.join('')}]`;
  }
}

import { isPossessiveInRepeat } from './analysis.ts';
import { takeCharClass } from './char-class.ts';
import { charsOf, everyChar, negate, singleton, withOtherCase } from './char-set.ts';
import { Cursor, type Flags } from './cursor.ts';
import { takeClass, takeEscapedChar } from './escapes.ts';
import { lineTerminators } from './properties.ts';
import { type Edge, type JavaSyntax, lineBreak, type Node } from './syntax.ts';

const MAX_LENGTH = 65_536;
const MAX_DEPTH = 100;
const MAX_GROUPS = 1000;
const MAX_REPEATS = 2 ** 31 - 1;

export interface ParseOptions {
  /** Pattern.CASE_INSENSITIVE, which only applies to ASCII letters. */
  readonly ignoreCase?: boolean;
}

/**
 * Parses a pattern of `java.util.regex`. Throws SyntaxError for invalid patterns and for unsupported features; the message
 * does not quote the pattern.
 */
export function parseJavaRegex(pattern: string, { ignoreCase = false }: ParseOptions = {}): JavaSyntax {
  if (pattern.length > MAX_LENGTH) throw new SyntaxError(`The pattern has more than ${MAX_LENGTH} characters`);
  return new Parser(pattern, ignoreCase).parse();
}

class Parser {
  readonly #cursor: Cursor;
  readonly #flags: Flags;
  readonly #names = new Map<string, number>();
  #groups = 0;
  #depth = 0;

  constructor(pattern: string, ignoreCase: boolean) {
    this.#flags = { ignoreCase, unixLines: false, multiline: false, dotAll: false, comments: false };
    this.#cursor = new Cursor(pattern, this.#flags);
  }

  parse(): JavaSyntax {
    const root = this.#choice();
    if (!this.#cursor.done) throw new SyntaxError("Unmatched closing ')'");
    return { root, groups: this.#groups, names: this.#names };
  }

  /** Parses up to a closing parenthesis or the end, which also ends the scope of flags that are set inside. */
  #choice(): Node {
    if (++this.#depth > MAX_DEPTH) throw new SyntaxError(`Groups are nested deeper than ${MAX_DEPTH} levels`);
    const flags = { ...this.#flags };
    const options = [this.#sequence()];
    while (this.#cursor.take('|')) options.push(this.#sequence());
    Object.assign(this.#flags, flags);
    this.#depth--;
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { type: 'choice', options };
  }

  #sequence(): Node {
    const items: Node[] = [];
    for (;;) {
      this.#cursor.skipComments();
      const char = this.#cursor.peek();
      if (this.#cursor.done || char === '|' || char === ')') break;
      const item = this.#item();
      if (item !== undefined) items.push(this.#repeated(item));
    }
    const [only] = items;
    return items.length === 1 && only !== undefined ? only : { type: 'sequence', items };
  }

  /** Returns undefined for flags such as `(?i)`, which match nothing and cannot be repeated. */
  #item(): Node | undefined {
    const cursor = this.#cursor;
    const { multiline, unixLines } = this.#flags;
    const char = cursor.peek();
    if (char !== '' && '*+?'.includes(char)) throw new SyntaxError(`Dangling meta character '${char}'`);
    if (char === '{') throw new SyntaxError('Illegal repetition');
    if (cursor.take('(')) return this.#group();
    if (cursor.take('[')) return { type: 'chars', set: takeCharClass(cursor) };
    if (cursor.take('.')) return { type: 'chars', set: this.#dot() };
    if (cursor.take('^')) return edge(multiline ? (unixLines ? 'unixLineStart' : 'lineStart') : 'inputStart');
    if (cursor.take('$')) return edge(multiline ? (unixLines ? 'unixLineEnd' : 'lineEnd') : this.#lastLineEnd());
    if (cursor.take('\\')) return this.#escape();
    return this.#char(cursor.next().codePointAt(0) as number);
  }

  #char(code: number): Node {
    const set = singleton(code);
    return { type: 'chars', set: this.#flags.ignoreCase ? withOtherCase(set) : set };
  }

  #dot() {
    if (this.#flags.dotAll) return everyChar;
    return negate(this.#flags.unixLines ? charsOf('\n') : lineTerminators);
  }

  #lastLineEnd = (): Edge => (this.#flags.unixLines ? 'unixLastLineEnd' : 'lastLineEnd');

  #escape(): Node {
    const cursor = this.#cursor;
    const set = takeClass(cursor);
    if (set !== undefined) return { type: 'chars', set };
    if (/^[1-9]$/.test(cursor.peek())) return this.#numberedReference();
    if (cursor.take('k')) return this.#namedReference();
    if (cursor.take('A')) return edge('inputStart');
    if (cursor.take('z')) return edge('inputEnd');
    if (cursor.take('Z')) return edge(this.#lastLineEnd());
    if (cursor.peek() === 'b' && cursor.peek(1) === '{') throw new SyntaxError('\\b{g} is not supported');
    if (cursor.take('b')) return edge('wordBoundary');
    if (cursor.take('B')) return edge('noWordBoundary');
    if (cursor.take('R')) return lineBreak;
    return this.#char(takeEscapedChar(cursor));
  }

  /** The group number is the longest sequence of digits that is the number of a group. */
  #numberedReference(): Node {
    let group = Number(this.#cursor.next());
    for (;;) {
      const candidate = group * 10 + Number.parseInt(this.#cursor.peek(), 10);
      if (!(candidate <= this.#groups)) return this.#reference(group);
      this.#cursor.next();
      group = candidate;
    }
  }

  #namedReference(): Node {
    if (!this.#cursor.take('<')) throw new SyntaxError("\\k is not followed by '<' for named capturing group");
    const name = this.#name();
    const group = this.#names.get(name);
    if (group === undefined) throw new SyntaxError(`named capturing group <${name}> does not exist`);
    return this.#reference(group);
  }

  #reference(group: number): Node {
    if (group > this.#groups) throw new SyntaxError(`A reference to group ${group} precedes that group`);
    if (this.#flags.ignoreCase) throw new SyntaxError('A back-reference under CASE_INSENSITIVE is not supported');
    return { type: 'reference', group };
  }

  #name(): string {
    const name = this.#cursor.takeWhile(/^[A-Za-z0-9]$/, 1000);
    if (!/^[A-Za-z]/.test(name)) throw new SyntaxError('The name of a group does not start with a letter');
    if (!this.#cursor.take('>')) throw new SyntaxError("named capturing group is missing trailing '>'");
    return name;
  }

  #group(): Node | undefined {
    const cursor = this.#cursor;
    if (cursor.skipComments() && cursor.peek() === '?')
      throw new SyntaxError("White space between '(' and '?' is not supported");
    if (!cursor.take('?')) return this.#capture(undefined);
    if (cursor.take(':')) return this.#closed();
    if (cursor.take('>')) return { type: 'atomic', item: this.#closed() };
    if (cursor.take('=')) return this.#look(false, false);
    if (cursor.take('!')) return this.#look(false, true);
    if (cursor.take('<=')) return this.#look(true, false);
    if (cursor.take('<!')) return this.#look(true, true);
    if (cursor.take('<')) return this.#capture(this.#name());
    return this.#flagged();
  }

  #capture(name: string | undefined): Node {
    const group = ++this.#groups;
    if (group > MAX_GROUPS) throw new SyntaxError(`The pattern has more than ${MAX_GROUPS} groups`);
    if (name !== undefined) {
      if (this.#names.has(name)) throw new SyntaxError(`Named capturing group <${name}> is already defined`);
      this.#names.set(name, group);
    }
    return { type: 'capture', group, item: this.#closed() };
  }

  #look(lookbehind: boolean, negative: boolean): Node {
    return { type: 'look', lookbehind, negative, item: this.#closed() };
  }

  #closed(): Node {
    const item = this.#choice();
    if (!this.#cursor.take(')')) throw new SyntaxError('Unclosed group');
    return item;
  }

  /** `(?i-s)` applies to the rest of the enclosing group, `(?i-s:X)` to X. */
  #flagged(): Node | undefined {
    const before = { ...this.#flags };
    let value = true;
    for (;;) {
      const char = this.#cursor.next();
      if (char === '-' && value) value = false;
      else if (Object.hasOwn(flagNames, char)) this.#flags[flagNames[char] as keyof Flags] = value;
      else if (char === ')') return undefined;
      else if (char === ':') {
        const item = this.#closed();
        Object.assign(this.#flags, before);
        return item;
      } else throw new SyntaxError('A group (?…) of an unknown or unsupported kind');
    }
  }

  #repeated(item: Node): Node {
    const cursor = this.#cursor;
    cursor.skipComments();
    const bounds = this.#bounds();
    if (bounds === undefined) return item;
    cursor.skipComments();
    const lazy = cursor.take('?');
    const repeatedItem: Node = isPossessiveInRepeat(item) ? { type: 'atomic', item } : item;
    const repeat: Node = { type: 'repeat', item: repeatedItem, ...bounds, lazy };
    return !lazy && cursor.take('+') ? { type: 'atomic', item: repeat } : repeat;
  }

  #bounds(): { readonly min: number; readonly max: number } | undefined {
    const cursor = this.#cursor;
    if (cursor.take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (cursor.take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (cursor.take('?')) return { min: 0, max: 1 };
    if (!cursor.take('{')) return undefined;
    const min = this.#count();
    const isRange = cursor.take(',');
    const max = !isRange ? min : cursor.peek() === '}' ? Number.POSITIVE_INFINITY : this.#count();
    if (!cursor.take('}')) throw new SyntaxError('Unclosed counted closure');
    if (max < min) throw new SyntaxError('Illegal repetition range');
    return { min, max };
  }

  #count(): number {
    const digits = this.#cursor.takeWhile(/^[0-9]$/, 20);
    if (digits === '' || Number(digits) > MAX_REPEATS) throw new SyntaxError('Illegal repetition');
    return Number(digits);
  }
}

const flagNames: Readonly<Record<string, keyof Flags>> = {
  i: 'ignoreCase',
  d: 'unixLines',
  m: 'multiline',
  s: 'dotAll',
  x: 'comments',
};

const edge = (kind: Edge): Node => ({ type: 'edge', edge: kind });

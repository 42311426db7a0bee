import { RE2JS, RE2JSException } from 're2js';
import { dependsOnLines, sizeOf } from './analysis.ts';
import { withDeadline } from './deadline.ts';
import { toEcmaScript, toRe2 } from './regex-writer.ts';
import type { Node } from './syntax.ts';

/** Up to this size RE2 takes some milliseconds for the longest name. */
const SMALL = 500;
const lineTerminator = /[\n\r\u0085\u2028\u2029]/;

export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  /** By number; 0 is the whole match. undefined: took no part in it. */
  readonly groups: readonly (string | undefined)[];
}

/**
 * A pattern on an engine: RE2, which is linear, or, for look-around, back-references and atomic groups, V8 under a
 * deadline. An engine compiles it when it is first needed.
 */
export class Pattern {
  readonly #root: Node;
  readonly #tooSlow: (text: string) => string;
  readonly #isSmall: boolean;
  readonly #dependsOnLines: boolean;
  /** null: RE2 does not have it. */
  #re2: RE2JS | null | undefined;
  /** It was too slow once: it is not run again. */
  #stopped: unknown;
  #whole: RegExp | undefined;
  #first: RegExp | undefined;

  /** root: one that `supported.ts` takes. tooSlow: the message for a text that takes too long. */
  constructor(root: Node, tooSlow: (text: string) => string) {
    this.#root = root;
    this.#tooSlow = tooSlow;
    this.#isSmall = sizeOf(root) <= SMALL;
    this.#dependsOnLines = dependsOnLines(root);
  }

  /** Whether it matches the whole text. TASK_CONFIG. */
  matches(text: string): boolean {
    const re2 = this.#linearFor(text);
    if (re2 !== null && this.#isSmall) return re2.matches(text);
    return this.#inTime(text, () => (re2 === null ? this.#ecmaScript().test(text) : re2.matches(text)));
  }

  #ecmaScript(): RegExp {
    this.#whole ??= new RegExp(`^(?:${toEcmaScript(this.#root)})$`, 'u');
    return this.#whole;
  }

  /** Its first match within the text. TASK_CONFIG. */
  firstMatch(text: string): RegexMatch | undefined {
    const re2 = this.#linearFor(text);
    if (re2 !== null) return found(this.#isSmall ? re2.exec(text) : this.#inTime(text, () => re2.exec(text)));
    this.#first ??= new RegExp(toEcmaScript(this.#root), 'u');
    const first = this.#first;
    const match = this.#inTime(text, () => first.exec(text));
    if (match === null) return undefined;
    const named = Object.entries(match.groups ?? {}).filter(([name]) => name.startsWith('g'));
    return found(Object.assign([match[0], ...named.map(([, group]) => group)], { index: match.index }));
  }

  #linearFor(text: string): RE2JS | null {
    if (this.#dependsOnLines && (text === '' || lineTerminator.test(text))) return null;
    this.#re2 ??= compileRe2(this.#root);
    return this.#re2;
  }

  #inTime<T>(text: string, work: () => T): T {
    if (this.#stopped !== undefined) throw this.#stopped;
    try {
      return withDeadline(work, () => this.#tooSlow(text));
    } catch (error) {
      this.#stopped = error;
      throw error;
    }
  }
}

function compileRe2(root: Node): RE2JS | null {
  const source = toRe2(root);
  if (source === undefined) return null;
  try {
    return RE2JS.compile(source);
  } catch (error) {
    // Repetitions of more than a thousand.
    if (error instanceof RE2JSException) return null;
    throw error;
  }
}

function found(match: (string | undefined)[] | null): RegexMatch | undefined {
  if (match === null) return undefined;
  const start = (match as unknown as { index: number }).index;
  return { start, end: start + (match[0] ?? '').length, groups: [...match] };
}

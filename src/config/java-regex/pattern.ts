import { RE2JS, RE2JSException } from 're2js';
import { dependsOnLines, sizeOf } from './analysis.ts';
import { withDeadline } from './deadline.ts';
import { toEcmaScript, toRe2 } from './regex-writer.ts';
import type { Node } from './syntax.ts';

/** Size up to which RE2 needs only milliseconds for the longest name. */
const SMALL_SIZE = 500;
const lineTerminator = /[\n\r\u0085\u2028\u2029]/;

export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  /** Texts of the groups by number; 0 is the whole match. undefined for groups that did not participate. */
  readonly groups: readonly (string | undefined)[];
}

/**
 * A pattern that is compiled on first use: for RE2, which runs in linear time, or, with look-around, back-references and
 * atomic groups, for V8 with a deadline.
 */
export class Pattern {
  readonly #root: Node;
  readonly #timeoutMessage: (text: string) => string;
  readonly #isSmall: boolean;
  readonly #dependsOnLines: boolean;
  /** null if RE2 does not support the pattern. */
  #re2: RE2JS | null | undefined;
  /** Error of an earlier timeout. A pattern that timed out is not run again. */
  #timeoutError: unknown;
  #wholeExpression: RegExp | undefined;
  #firstExpression: RegExp | undefined;

  /** `root` must pass the checks of `supported.ts`. `timeoutMessage` returns the message for a text that takes too long. */
  constructor(root: Node, timeoutMessage: (text: string) => string) {
    this.#root = root;
    this.#timeoutMessage = timeoutMessage;
    this.#isSmall = sizeOf(root) <= SMALL_SIZE;
    this.#dependsOnLines = dependsOnLines(root);
  }

  /** Returns true if the pattern matches the whole text. Throws TASK_CONFIG after a timeout. */
  matches(text: string): boolean {
    const re2 = this.#re2For(text);
    if (re2 !== null && this.#isSmall) return re2.matches(text);
    return this.#runWithDeadline(text, () => (re2 === null ? this.#wholeEcmaScript().test(text) : re2.matches(text)));
  }

  #wholeEcmaScript(): RegExp {
    this.#wholeExpression ??= new RegExp(`^(?:${toEcmaScript(this.#root)})$`, 'u');
    return this.#wholeExpression;
  }

  /** Returns the first match in the text. Throws TASK_CONFIG after a timeout. */
  firstMatch(text: string): RegexMatch | undefined {
    const re2 = this.#re2For(text);
    if (re2 !== null)
      return toRegexMatch(this.#isSmall ? re2.exec(text) : this.#runWithDeadline(text, () => re2.exec(text)));
    this.#firstExpression ??= new RegExp(toEcmaScript(this.#root), 'u');
    const first = this.#firstExpression;
    const match = this.#runWithDeadline(text, () => first.exec(text));
    if (match === null) return undefined;
    const namedGroups = Object.entries(match.groups ?? {}).filter(([name]) => name.startsWith('g'));
    return toRegexMatch(Object.assign([match[0], ...namedGroups.map(([, group]) => group)], { index: match.index }));
  }

  #re2For(text: string): RE2JS | null {
    if (this.#dependsOnLines && (text === '' || lineTerminator.test(text))) return null;
    this.#re2 ??= compileRe2(this.#root);
    return this.#re2;
  }

  #runWithDeadline<T>(text: string, work: () => T): T {
    if (this.#timeoutError !== undefined) throw this.#timeoutError;
    try {
      return withDeadline(work, () => this.#timeoutMessage(text));
    } catch (error) {
      this.#timeoutError = error;
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
    // RE2 rejects repetitions of more than 1000.
    if (error instanceof RE2JSException) return null;
    throw error;
  }
}

function toRegexMatch(match: (string | undefined)[] | null): RegexMatch | undefined {
  if (match === null) return undefined;
  const start = (match as unknown as { index: number }).index;
  return { start, end: start + (match[0] ?? '').length, groups: [...match] };
}

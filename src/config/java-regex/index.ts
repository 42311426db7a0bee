import { type ParseOptions, parseJavaRegex } from './parse.ts';
import { Pattern } from './pattern.ts';
import { parseReplacement } from './replacement.ts';
import { checkMatcher, checkReplacer } from './supported.ts';
import { wholeMatches } from './whole-match.ts';

export interface JavaRegexOptions extends ParseOptions {
  /** The setting that the pattern comes from, for messages. */
  readonly setting: string;
}

export type TextTest = (text: string) => boolean;

/**
 * Returns a test whether `Matcher.matches` holds for one of these `java.util.regex` patterns. Throws SyntaxError for what
 * is no such pattern, or not supported. The test throws TASK_CONFIG for a pattern that takes too long.
 */
export function javaMatcher(patterns: string | readonly string[], options: JavaRegexOptions): TextTest {
  const list = typeof patterns === 'string' ? [patterns] : patterns;
  const roots = list.map(pattern => parseJavaRegex(pattern, options).root);
  for (const root of roots) checkMatcher(root);
  const alternatives = wholeMatches(roots).map(conditions =>
    conditions.map(({ root, holds }) => ({ pattern: new Pattern(root, tooSlow(options)), holds })),
  );
  return text => alternatives.some(all => all.every(({ pattern, holds }) => pattern.matches(text) === holds));
}

/**
 * Returns what `Matcher.replaceFirst` makes of a text that the whole pattern matches; undefined for other texts. Throws
 * SyntaxError, also for a replacement that asks for a group that is not there.
 */
export function javaReplacer(
  regex: string,
  replacement: string,
  options: JavaRegexOptions,
): (text: string) => string | undefined {
  const syntax = parseJavaRegex(regex, options);
  const parts = parseReplacement(replacement, syntax);
  checkReplacer(syntax.root, parts);
  const pattern = new Pattern(syntax.root, tooSlow(options));
  return text => {
    if (!pattern.matches(text)) return undefined;
    const found = pattern.firstMatch(text);
    if (found === undefined) return undefined;
    const middle = parts.map(part => (typeof part === 'string' ? part : (found.groups[part] ?? ''))).join('');
    return text.slice(0, found.start) + middle + text.slice(found.end);
  };
}

const MOST_ANSWERS = 10_000;

/** The same test, for names that come again with each record. */
export function cacheResults(test: TextTest): TextTest {
  const answers = new Map<string, boolean>();
  return text => {
    let answer = answers.get(text);
    if (answer === undefined) {
      answer = test(text);
      if (answers.size >= MOST_ANSWERS) answers.clear();
      answers.set(text, answer);
    }
    return answer;
  };
}

/** The reason why a pattern is refused, in Connect's frame, or undefined. */
export function regexProblem(pattern: string, options: ParseOptions = {}): string | undefined {
  return problemOf(() => javaMatcher(pattern, { ...options, setting: '' }));
}

/** As `regexProblem`, of a pattern and its replacement. */
export function replacementProblem(regex: string, replacement: string): string | undefined {
  return problemOf(() => javaReplacer(regex, replacement, { setting: '' }));
}

function problemOf(compile: () => unknown): string | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return `Invalid regex: ${error.message}`;
  }
}

const tooSlow =
  ({ setting }: JavaRegexOptions) =>
  (text: string): string =>
    `${setting}: the regular expression took too long for a name of ${text.length} characters and was stopped. ` +
    'Look-around, back-references, atomic groups and possessive quantifiers make it backtrack: write it without them.';

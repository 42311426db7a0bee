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
 * Compiles `java.util.regex` patterns to a test whether one of them matches a whole text (`Matcher.matches`). Throws
 * SyntaxError for invalid and unsupported patterns. The test throws TASK_CONFIG if a pattern takes too long.
 */
export function javaMatcher(patterns: string | readonly string[], options: JavaRegexOptions): TextTest {
  const list = typeof patterns === 'string' ? [patterns] : patterns;
  const roots = list.map(pattern => parseJavaRegex(pattern, options).root);
  for (const root of roots) checkMatcher(root);
  const alternatives = wholeMatches(roots).map(conditions =>
    conditions.map(({ root, isExpected }) => ({ pattern: new Pattern(root, timeoutMessage(options)), isExpected })),
  );
  return text =>
    alternatives.some(conditions =>
      conditions.every(({ pattern, isExpected }) => pattern.matches(text) === isExpected),
    );
}

/**
 * Compiles a pattern and a replacement to `Matcher.replaceFirst` for texts that match the pattern as a whole; the result is
 * undefined for other texts. Throws SyntaxError for invalid and unsupported patterns and for unknown groups.
 */
export function javaReplacer(
  regex: string,
  replacement: string,
  options: JavaRegexOptions,
): (text: string) => string | undefined {
  const syntax = parseJavaRegex(regex, options);
  const parts = parseReplacement(replacement, syntax);
  checkReplacer(syntax.root, parts);
  const pattern = new Pattern(syntax.root, timeoutMessage(options));
  return text => {
    if (!pattern.matches(text)) return undefined;
    const match = pattern.firstMatch(text);
    if (match === undefined) return undefined;
    const replaced = parts.map(part => (typeof part === 'string' ? part : (match.groups[part] ?? ''))).join('');
    return text.slice(0, match.start) + replaced + text.slice(match.end);
  };
}

const MAX_CACHED_RESULTS = 10_000;

/** Caches the results of a test, for names that repeat in each record. */
export function cacheResults(test: TextTest): TextTest {
  const results = new Map<string, boolean>();
  return text => {
    let result = results.get(text);
    if (result === undefined) {
      result = test(text);
      if (results.size >= MAX_CACHED_RESULTS) results.clear();
      results.set(text, result);
    }
    return result;
  };
}

/** Connect's error for an invalid or unsupported pattern; undefined for a supported one. */
export function regexProblem(pattern: string, options: ParseOptions = {}): string | undefined {
  return compileProblem(() => javaMatcher(pattern, { ...options, setting: '' }));
}

/** Connect's error for an invalid or unsupported pattern or replacement; undefined if both are supported. */
export function replacementProblem(regex: string, replacement: string): string | undefined {
  return compileProblem(() => javaReplacer(regex, replacement, { setting: '' }));
}

function compileProblem(compile: () => unknown): string | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return `Invalid regex: ${error.message}`;
  }
}

const timeoutMessage =
  ({ setting }: JavaRegexOptions) =>
  (text: string): string =>
    `${setting}: the regular expression took too long for a name of ${text.length} characters and was stopped. ` +
    'Look-around, back-references, atomic groups and possessive quantifiers make it backtrack: write it without them.';

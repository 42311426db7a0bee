/**
 * A `java.util.regex` pattern as JavaScript has it: quotes (`\Q…\E`), possessive and atomic groups (which match here
 * with backtracking), leading flags, POSIX classes, `\h`, `\A`, `\z`, and escapes of characters that need none.
 * Throws SyntaxError, whose message says what is wrong without repeating the pattern.
 */
export function javaRegex(pattern: string, options: { readonly flags?: string } = {}): RegExp {
  const { source, flags } = translate(pattern);
  return compile(source, flags + (options.flags ?? ''));
}

/** The same, matching a whole text only, as `Matcher.matches` does. */
export function javaRegexMatching(pattern: string): RegExp {
  const { source, flags } = translate(pattern);
  return compile(`^(?:${source})$`, flags);
}

/** What is wrong with a pattern, in Connect's frame, or undefined. */
export function regexProblem(pattern: string): string | undefined {
  try {
    javaRegex(pattern);
    return undefined;
  } catch (error) {
    return `Invalid regex: ${(error as Error).message}`;
  }
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, `u${flags}`);
  } catch (error) {
    throw new SyntaxError(String((error as Error).message.split(': ').at(-1)));
  }
}

const posix: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\x00-\\x7f',
  Alpha: 'A-Za-z',
  Digit: '0-9',
  Alnum: 'A-Za-z0-9',
  Punct: '!-\\/:-@\\[-`\\{-~',
  Graph: '!-~',
  Print: ' -~',
  Blank: ' \\t',
  Cntrl: '\\x00-\\x1f\\x7f',
  XDigit: '0-9A-Fa-f',
  Space: ' \\t\\n\\x0b\\f\\r',
};
const blanks = ' \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000';
const syntax = /[\^$\\.*+?()[\]{}|/]/;

function translate(pattern: string): { readonly source: string; readonly flags: string } {
  const flags = /^\(\?([ismu]+)\)/.exec(pattern);
  let rest = flags === null ? pattern : pattern.slice(flags[0].length);
  let source = '';
  let inClass = false;
  while (rest !== '') {
    const [taken, written] = inClass || rest[0] === '\\' ? escaped(rest, inClass) : outside(rest);
    if (taken === '[' && !inClass) inClass = true;
    else if (taken === ']' && inClass) inClass = false;
    source += written;
    rest = rest.slice(taken.length);
  }
  return { source, flags: (flags?.[1] ?? '').replace('u', '') };
}

/** One piece that is no escape and in no class: the piece, and how it is written. */
function outside(rest: string): readonly [taken: string, written: string] {
  if (rest.startsWith('(?>')) return ['(?>', '(?:'];
  const quantifier = /^([*+?]|\{\d+(?:,\d*)?\})\+/.exec(rest);
  if (quantifier !== null) return [quantifier[0], quantifier[1] as string];
  const whole = /^(?:[*+?]\??|\{\d+(?:,\d*)?\}\??)/.exec(rest);
  if (whole !== null) return [whole[0], whole[0]];
  const char = String.fromCodePoint(rest.codePointAt(0) as number);
  return [char, char === ']' || char === '}' || char === '{' ? `\\${char}` : char];
}

/** One escape, or one character within a class. */
function escaped(rest: string, inClass: boolean): readonly [taken: string, written: string] {
  const quoted = /^\\Q(.*?)(?:\\E|$)/s.exec(rest);
  if (quoted !== null) return [quoted[0], (quoted[1] as string).replace(/[\^$\\.*+?()[\]{}|/-]/g, literal)];
  const property = /^\\([pP])(?:\{(?:Is)?(\w+)\}|(\w))/.exec(rest);
  if (property !== null) return [property[0], propertyOf(property, inClass)];
  const plain = /^\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|k<\w+>|c[A-Za-z]|[dDwWsSbBtnrf]|[1-9]\d?)/.exec(rest);
  if (plain !== null) return [plain[0], plain[0]];
  const octal = /^\\0([0-3]?[0-7]{1,2})/.exec(rest);
  if (octal !== null)
    return [
      octal[0],
      `\\x${Number.parseInt(octal[1] as string, 8)
        .toString(16)
        .padStart(2, '0')}`,
    ];
  if (rest.startsWith('\\h')) return ['\\h', inClass ? blanks : `[${blanks}]`];
  if (rest.startsWith('\\e')) return ['\\e', '\\x1b'];
  if (rest.startsWith('\\a')) return ['\\a', '\\x07'];
  if (!inClass && rest.startsWith('\\A')) return ['\\A', '^'];
  if (!inClass && /^\\[zZ]/.test(rest)) return [rest.slice(0, 2), '$'];
  const other = /^\\([^A-Za-z0-9])/u.exec(rest);
  if (other !== null) return [other[0], literal(other[1] as string)];
  const char = String.fromCodePoint(rest.codePointAt(0) as number);
  return [char, inClass && (char === '[' || char === '/') ? `\\${char}` : char];
}

function propertyOf([, sign, long, short]: RegExpExecArray, inClass: boolean): string {
  const name = long ?? short ?? '';
  const members = Object.hasOwn(posix, name) ? posix[name] : undefined;
  if (members === undefined) return `\\${sign}{${name}}`;
  return inClass && sign === 'p' ? String(members) : `[${sign === 'P' ? '^' : ''}${members}]`;
}

const literal = (char: string): string => (syntax.test(char) || char === '-' ? `\\x${hex(char)}` : char);
const hex = (char: string): string => (char.codePointAt(0) as number).toString(16).padStart(2, '0');

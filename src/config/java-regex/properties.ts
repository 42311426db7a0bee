import { type CharSet, charSet, charsOf, singleton, union } from './char-set.ts';

const range = (text: string): CharSet => {
  const [first = 0, last = 0] = [...text].map(char => char.codePointAt(0) as number);
  return [first, last];
};

export const digits = range('09');
const lower = range('az');
const upper = range('AZ');
const letters = union(lower, upper);
export const word = union(letters, digits, charsOf('_'));
export const spaces = charsOf(' \t\n\v\f\r');
export const horizontalSpaces = union(charsOf(' \t\u00a0\u1680\u180e\u202f\u205f\u3000'), range('\u2000\u200a'));
export const lineTerminators = charsOf('\n\r\u0085\u2028\u2029');
export const verticalSpaces = union(lineTerminators, charsOf('\v\f'));
const punctuation = union(range('!/'), range(':@'), range('[`'), range('{~'));

const posix: ReadonlyMap<string, CharSet> = new Map([
  ['Lower', lower],
  ['Upper', upper],
  ['ASCII', range('\0\x7f')],
  ['Alpha', letters],
  ['Digit', digits],
  ['Alnum', union(letters, digits)],
  ['Punct', punctuation],
  ['Graph', range('!~')],
  ['Print', range(' ~')],
  ['Blank', charsOf(' \t')],
  ['Cntrl', union(range('\0\x1f'), singleton(0x7f))],
  ['XDigit', union(digits, range('af'), range('AF'))],
  ['Space', spaces],
]);

const categories = new Set(
  'Cn Lu Ll Lt Lm Lo Mn Me Mc Nd Nl No Zs Zl Zp Cc Cf Co Cs Pd Ps Pe Pc Po Sm Sc Sk So Pi Pf L M N Z C P S LC'.split(
    ' ',
  ),
);
const casedCategories = new Set(['Lu', 'Ll', 'Lt']);

/** Binary properties after the prefix `Is`, in any case, with their names in ECMAScript. */
const binaryProperties: ReadonlyMap<string, string> = new Map([
  ['ALPHABETIC', 'Alphabetic'],
  ['LETTER', 'L'],
  ['IDEOGRAPHIC', 'Ideographic'],
  ['LOWERCASE', 'Lowercase'],
  ['UPPERCASE', 'Uppercase'],
  ['TITLECASE', 'Lt'],
  ['WHITE_SPACE', 'White_Space'],
  ['WHITESPACE', 'White_Space'],
  ['CONTROL', 'Cc'],
  ['PUNCTUATION', 'P'],
  ['DIGIT', 'Nd'],
]);

/** Characters of `\p{name}`; undefined for an unsupported name. */
export function property(name: string, ignoreCase: boolean): CharSet | undefined {
  const equals = name.indexOf('=');
  if (equals >= 0) {
    const [key, value] = [name.slice(0, equals).toLowerCase(), name.slice(equals + 1)];
    return key === 'gc' || key === 'general_category' ? categoryOf(value, ignoreCase) : undefined;
  }
  if (!name.startsWith('Is')) return posixClass(name, ignoreCase) ?? categoryOf(name, ignoreCase);
  const shortName = name.slice(2);
  const propertyName = binaryProperties.get(shortName.toUpperCase());
  if (propertyName !== undefined)
    return ignoreCase && /^(Lowercase|Uppercase|Lt)$/.test(propertyName)
      ? union(unicode('Lowercase'), unicode('Uppercase'), unicode('Lt'))
      : unicode(propertyName);
  return posixClass(shortName, ignoreCase) ?? categoryOf(shortName, ignoreCase);
}

const posixClass = (name: string, ignoreCase: boolean): CharSet | undefined =>
  ignoreCase && (name === 'Lower' || name === 'Upper') ? letters : posix.get(name);

function categoryOf(name: string, ignoreCase: boolean): CharSet | undefined {
  if (!categories.has(name)) return undefined;
  return unicode(ignoreCase && casedCategories.has(name) ? 'LC' : name);
}

const cache = new Map<string, CharSet>();

/** Ranges to examine: planes beyond the third contain only tags, variation selectors and private-use characters. */
const planes: readonly (readonly [first: number, last: number])[] = [
  [0, 0x3ffff],
  [0xe0000, 0xe0fff],
  [0xf0000, 0xf0000],
  [0xffffd, 0x100000],
  [0x10fffd, 0x10ffff],
];

/** Computes the characters of a property, which takes about 10 ms, and caches them. */
function unicode(name: string): CharSet {
  let set = cache.get(name);
  if (set === undefined) {
    const pattern = new RegExp(`^\\p{${name}}$`, 'u');
    const ranges: [number, number][] = [];
    let previous = -1;
    for (const [first, last] of planes)
      for (let code = first; code <= last; code++) {
        const matches = pattern.test(String.fromCodePoint(code));
        const range = ranges.at(-1);
        // Code points between two examined ranges have the same property as the edges of the ranges.
        if (matches && range?.[1] === previous && previous >= 0) range[1] = code;
        else if (matches) ranges.push([code, code]);
        previous = code;
      }
    set = charSet(ranges);
    cache.set(name, set);
  }
  return set;
}

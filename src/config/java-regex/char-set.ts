/** Code points as ascending ranges that neither overlap nor touch: first, last, first, last … */
export type CharSet = readonly number[];

const LAST = 0x10ffff;

/** Creates a set from ranges in any order. */
export function charSet(ranges: readonly (readonly [first: number, last: number])[]): CharSet {
  const set: number[] = [];
  for (const [first, last] of [...ranges].sort(([a], [b]) => a - b)) {
    const end = set.at(-1);
    if (end === undefined || first > end + 1) set.push(first, last);
    else if (last > end) set[set.length - 1] = last;
  }
  return set;
}

export const singleton = (code: number): CharSet => [code, code];
export const charsOf = (text: string): CharSet =>
  charSet([...text].map(char => singleRange(char.codePointAt(0) as number)));
const singleRange = (code: number): [number, number] => [code, code];

export const everyChar: CharSet = [0, LAST];

export function rangesOf(set: CharSet): [first: number, last: number][] {
  const ranges: [number, number][] = [];
  for (let i = 0; i < set.length; i += 2) ranges.push([set[i] as number, set[i + 1] as number]);
  return ranges;
}

export const union = (...sets: readonly CharSet[]): CharSet => charSet(sets.flatMap(rangesOf));

export function negate(set: CharSet): CharSet {
  const ranges: number[] = [];
  let next = 0;
  for (const [first, last] of rangesOf(set)) {
    if (first > next) ranges.push(next, first - 1);
    next = last + 1;
  }
  if (next <= LAST) ranges.push(next, LAST);
  return ranges;
}

export const intersection = (a: CharSet, b: CharSet): CharSet => negate(union(negate(a), negate(b)));

/** Adds the other case of each ASCII letter: CASE_INSENSITIVE without UNICODE_CASE. */
export function withOtherCase(set: CharSet): CharSet {
  const shifted = (from: number, to: number, by: number): [number, number][] =>
    rangesOf(intersection(set, [from, to])).map(([first, last]) => [first + by, last + by]);
  return union(set, charSet([...shifted(0x41, 0x5a, 32), ...shifted(0x61, 0x7a, -32)]));
}

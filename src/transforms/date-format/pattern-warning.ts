import { patternParts } from './pattern.ts';

/** A letter that is easily mistaken for another, in a pattern that makes sense with the other one alone. */
const mistakes: readonly {
  readonly letter: string;
  readonly meant: string;
  readonly explained: string;
  holds(has: (letters: string) => boolean): boolean;
}[] = [
  {
    letter: 'Y',
    meant: 'y',
    explained: 'the year that its week belongs to, another one on some days around the new year',
    holds: has => has('Y') && !has('yw'),
  },
  {
    letter: 'D',
    meant: 'd',
    explained: 'the day of the year',
    holds: has => has('D') && has('ML') && !has('d'),
  },
  {
    letter: 'M',
    meant: 'm',
    explained: 'the month',
    holds: has => has('M') && has('HkKh') && has('s') && !has('m'),
  },
  {
    letter: 'h',
    meant: 'H',
    explained: 'the hour of half a day, 12 for midnight and for noon',
    holds: has => has('h') && !has('aHk'),
  },
];

/** Warning about a valid pattern that is probably not what its author means, such as `YYYY` for `yyyy`. */
export function patternWarning(pattern: string): string | undefined {
  const letters = patternParts(pattern).flatMap(part => (typeof part === 'string' ? [] : [part]));
  const has = (any: string) => letters.some(({ letter }) => any.includes(letter));
  const warnings = mistakes
    .filter(mistake => mistake.holds(has))
    .map(({ letter, meant, explained }) => {
      const written = letter.repeat(letters.find(one => one.letter === letter)?.count ?? 1);
      return `${written} is ${explained}; ${meant.repeat(written.length)} is probably meant`;
    });
  return warnings.length === 0 ? undefined : `${pattern}: ${warnings.join('. ')}`;
}

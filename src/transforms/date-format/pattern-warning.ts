import { parsePattern } from './pattern.ts';

/** Letters that are easily mistaken for another letter, in patterns that only make sense with the other letter. */
const mistakes: readonly {
  readonly letter: string;
  readonly intendedLetter: string;
  readonly meaning: string;
  applies(has: (runs: string) => boolean): boolean;
}[] = [
  {
    letter: 'Y',
    intendedLetter: 'y',
    meaning: 'the year of the week, which differs from the calendar year on some days around January 1',
    applies: has => has('Y') && !has('yw'),
  },
  {
    letter: 'D',
    intendedLetter: 'd',
    meaning: 'the day of the year',
    applies: has => has('D') && has('ML') && !has('d'),
  },
  {
    letter: 'M',
    intendedLetter: 'm',
    meaning: 'the month',
    applies: has => has('M') && has('HkKh') && has('s') && !has('m'),
  },
  {
    letter: 'h',
    intendedLetter: 'H',
    meaning: 'the hour of a 12-hour clock, 12 for midnight and for noon',
    applies: has => has('h') && !has('aHk'),
  },
];

/** Warning about a valid pattern that is probably a mistake, such as `YYYY` for `yyyy`. */
export function patternWarning(pattern: string): string | undefined {
  const runs = parsePattern(pattern).flatMap(part => (typeof part === 'string' ? [] : [part]));
  const has = (letters: string) => runs.some(({ letter }) => letters.includes(letter));
  const warnings = mistakes
    .filter(mistake => mistake.applies(has))
    .map(({ letter, intendedLetter, meaning }) => {
      const text = letter.repeat(runs.find(run => run.letter === letter)?.count ?? 1);
      return `${text} is ${meaning}; ${intendedLetter.repeat(text.length)} is probably meant`;
    });
  return warnings.length === 0 ? undefined : `${pattern}: ${warnings.join('. ')}`;
}

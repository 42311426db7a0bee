import type { Seeded } from '../../support/seed.ts';

export const LETTERS = [...'GyYMLwWDdFEuaHkKhmsSzZX'];

/** Common patterns, including common mistakes. */
const COMMON = [
  ...[
    'yyyyMMdd',
    'YYYYMM',
    'YYYYMMDD',
    'yyyy-MM-dd',
    'yyyy-MM-DD',
    'YYYY-MM-dd',
    "yyyy-'W'ww",
    'YYYY-ww',
    "YYYY-'W'ww-u",
  ],
  ...['yyyy-MM-dd HH:mm:ss', 'yyyy-MM-dd HH:mm:ss.SSS', "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"],
  ...["yyyy-MM-dd'T'HH:mm:ssX", "yyyy-MM-dd'T'HH:mm:ssXX", "yyyy-MM-dd'T'HH:mm:ss.SSSZ", 'yyyy-MM-dd HH:mm:ss z'],
  ...['EEE MMM dd HH:mm:ss zzz yyyy', 'EEE, dd MMM yyyy HH:mm:ss z', 'EEEE, MMMM d, yyyy', 'MM/dd/yyyy hh:mm:ss a'],
  ...['MM/dd/yy', 'dd-MMM-yy', 'dd.MM.yyyy HH:mm', 'yyyyMMddHHmmss', 'yyyyMMddHHmmssSSS', 'HH:mm', 'h:mm a', 'yyyyDDD'],
  ...[
    'yyyy/MM/dd/HH',
    "'year='yyyy/'month='MM",
    'yyMMdd',
    'yyyy.ww',
    'MMM yyyy',
    'LLLL yyyy',
    'D',
    's',
    'G yyyy',
    'F E MMM y',
  ],
  ...[
    "h 'o''clock' a, zzzz",
    'yyyy-MM-dd G',
    'yyyy-MM W u',
    'MMM F E yyyy',
    'kk:mm',
    'K:mm a',
    'E',
    'yyyy E w',
    'Z',
    'X',
  ],
];
const SEPARATORS = ['', '', '', ' ', '-', '/', ':', '.', ',', "'T'", "''", '  ', ' / ', "'at '", 'é', '_', '1'];

export function generatePattern(random: Seeded): string {
  const common = pick(random, COMMON);
  const chance = random.next();
  if (chance < 0.35) return common;
  if (chance < 0.45) return mutate(random, common);
  let pattern = '';
  for (let parts = random.between(1, 8); parts > 0; parts--)
    pattern += pick(random, LETTERS).repeat(random.between(1, 6)) + pick(random, SEPARATORS);
  return pattern;
}

/** Inserts or replaces a character at a random position. */
function mutate(random: Seeded, text: string): string {
  const at = random.between(0, text.length + 1);
  const end = at + random.between(0, 2);
  return text.slice(0, at) + pick(random, [...LETTERS, "'", "''", 'q', 'b', 'é', '8', '[', ' ']) + text.slice(end);
}

const DAY = 86_400_000;

/** Recent and historical times, often near the end of a year, near the Gregorian cutover, or extreme. */
export function generateTime(random: Seeded): number {
  const around = (from: number, days: number) => from + Math.floor((random.next() * 2 - 1) * days * DAY);
  switch (random.between(0, 8)) {
    case 0:
      return around(Date.UTC(1970, 0, 1), 2);
    case 1:
      return around(Date.UTC(1582, 9, 15), 400);
    case 2:
      return around(Date.UTC(0, 0, 1), 800_000);
    case 3:
      return around(0, 100_000_000);
    case 4:
    case 5:
      return around(Date.UTC(random.between(1900, 2100), 0, 1), 9);
    default:
      return around(Date.UTC(2024, 6, 1), 20_000);
  }
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
export const ZONES = [
  ...[
    'UTC',
    'GMT',
    'Z',
    'EST',
    'EDT',
    'CST',
    'PST',
    'PDT',
    'MST',
    'CET',
    'CEST',
    'BST',
    'MSK',
    'JST',
    'IST',
    'AEDT',
    'WET',
  ],
  ...[
    'UT',
    '+0000',
    '+0530',
    '-0800',
    '+05:30',
    '+05',
    '-8',
    'GMT+2',
    'GMT+02:00',
    'GMT-8:00',
    'GMT+0200',
    'UTC+2',
    '+2400',
  ],
  ...['Pacific Standard Time', 'central european summer time', 'Coordinated Universal Time', 'Greenwich Mean Time'],
  ...[
    'America/New_York',
    'Europe/Paris',
    'ACDT',
    'Eastern',
    'WITA',
    'gmt',
    'est',
    'MESZ',
    'Indian Standard Time',
    'EST5EDT',
  ],
];
const LIMITS: Readonly<Record<string, number>> = {
  M: 12,
  L: 12,
  d: 31,
  D: 366,
  H: 23,
  k: 24,
  K: 11,
  h: 12,
  m: 59,
  s: 59,
};
const WEEK_LIMITS: Readonly<Record<string, number>> = { w: 53, W: 5, F: 5, u: 7, S: 999 };

/** A text that the pattern probably accepts: similar to its output, with variations that Java allows. */
export function generateText(random: Seeded, pattern: string): string {
  let text = '';
  for (const [piece, quoted] of pattern.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'/g)) {
    const letter = piece[0] ?? '';
    text += LETTERS.includes(letter) ? partText(random, letter, piece.length) : quoted?.replaceAll("''", "'") || piece;
  }
  const chance = random.next();
  if (chance < 0.05) return mutate(random, text);
  return chance < 0.08 ? `${text}${pick(random, [' more', 'Z', '123', '.5', '-', 'E5'])}` : text;
}

function partText(random: Seeded, letter: string, count: number): string {
  const space = random.next() < 0.03 ? pick(random, [' ', '  ', '\t']) : '';
  return space + nameText(random, letter, count) + (random.next() < 0.01 ? ' ' : '');
}

function nameText(random: Seeded, letter: string, count: number): string {
  if (letter === 'G') return changeCase(random, pick(random, ['AD', 'BC', 'AD', 'CE']));
  if (letter === 'a') return changeCase(random, pick(random, ['AM', 'PM', 'PM', 'A']));
  if (letter === 'E') return abbreviateRandomly(random, pick(random, DAYS));
  if ((letter === 'M' || letter === 'L') && count >= 3) return abbreviateRandomly(random, pick(random, MONTHS));
  if (letter === 'z' || letter === 'Z') return pick(random, ZONES);
  if (letter === 'X') return pick(random, ['Z', '+05', '-0800', '+05:30', '+0530', '-08:00', 'UTC', '+5', 'z', '+24']);
  return numberText(random, letter, count);
}

function numberText(random: Seeded, letter: string, count: number): string {
  const limit = LIMITS[letter] ?? WEEK_LIMITS[letter];
  let number = limit === undefined ? generateYear(random) : random.between(0, limit + 2);
  if (random.next() < 0.04) number = random.between(-40, 100_000);
  if (random.next() < 0.005) number = pick(random, [2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 33, 1e9]);
  const digits = String(Math.abs(number)).padStart(random.next() < 0.9 ? count : 1, '0');
  return (number < 0 ? '-' : random.next() < 0.005 ? '+' : '') + digits;
}

function generateYear(random: Seeded): number {
  const chance = random.next();
  if (chance < 0.15) return random.between(0, 100);
  if (chance < 0.25) return random.between(1, 1600);
  if (chance < 0.3) return random.between(1580, 1585);
  return random.between(1900, 2100);
}

const abbreviateRandomly = (random: Seeded, name: string): string =>
  changeCase(random, random.next() < 0.5 ? name.slice(0, 3) : random.next() < 0.05 ? name.slice(0, 4) : name);

function changeCase(random: Seeded, name: string): string {
  const chance = random.next();
  return chance < 0.2 ? name.toUpperCase() : chance < 0.4 ? name.toLowerCase() : name;
}

export function pick<T>(random: Seeded, from: readonly T[]): T {
  return from[random.between(0, from.length)] as T;
}

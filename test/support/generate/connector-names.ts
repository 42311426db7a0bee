import fc from 'fast-check';
import { LETTERS, MIXED, SPECIAL, texts, UNICODE, WORDS, withinBytes } from './text.ts';

export const MAX_CONNECTOR_NAME = 200;
/** Length limits of related names: PostgreSQL identifiers, and application names with a prefix. */
const LENGTHS = [2, 3, 26, 27, 54, 55, 63, 64, 128, 199];
const NASTY = [
  ...['a', 'A', 'a-1', 'a-1-0', 'a.b', 'a_b', 'a b', 'a+b', '%', '%2F', '%00', '..a', '...', '-', '--', '*', '#'],
  ...['{{a}}', "it's", '"quoted"', 'a,b', 'a;b', 'é', 'e\u0301', '🦀', '$1', '$&', '@timestamp'],
];

/** Names without white space at the ends, that are no dot segments of a URL and contain no placeholder. */
function fits(name: string): boolean {
  return (
    !['', '.', '..'].includes(name) &&
    name === name.trim() &&
    !/\$\{[^}]*:/.test(name) &&
    withinBytes(name, MAX_CONNECTOR_NAME)
  );
}

/** Valid connector names. Kafka Connect trims names; these have nothing to trim. */
export const connectorNames: fc.Arbitrary<string> = fc
  .oneof(
    texts(
      [LETTERS, MIXED, [...MIXED, ...SPECIAL], [...LETTERS, ...UNICODE], SPECIAL, UNICODE],
      MAX_CONNECTOR_NAME,
      LENGTHS,
    ),
    fc.constantFrom(...NASTY, ...WORDS),
  )
  .filter(fits);

const controls = fc.constantFrom('\0', '\t', '\n', '\r', '\u001f', '\u007f', '\u0085', '\u009f');
const inside = (part: fc.Arbitrary<string>) => fc.tuple(connectorNames, part, connectorNames).map(all => all.join(''));

/** Invalid connector names. */
export const rejectedConnectorNames: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', '.', '..'),
  inside(controls),
  inside(fc.constantFrom('/', '\\')),
  inside(fc.constantFrom('\ud800', '\udc00')).filter(name => !name.isWellFormed()),
  texts([LETTERS, UNICODE], 1000, [MAX_CONNECTOR_NAME + 1, 256]).filter(name => !withinBytes(name, MAX_CONNECTOR_NAME)),
);

/** Names that a wrong comparison would confuse with this one. */
export const similarNames = (name: string): string[] =>
  [
    `${name}-1`,
    `${name}-0`,
    `${name}x`,
    `${name} x`,
    `x${name}`,
    [...name].slice(0, -1).join(''),
    name.toUpperCase(),
    name.toLowerCase(),
    name.normalize('NFD'),
    encodeURIComponent(name),
    'x'.repeat(Buffer.byteLength(name)),
  ].filter(other => other !== name && fits(other));

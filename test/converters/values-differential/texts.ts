import fc from 'fast-check';
import { MIXED, SPECIAL, UNICODE } from '../../support/generate/text.ts';

const digits = (min: number, max: number) =>
  fc.array(fc.constantFrom(...'0123456789'), { minLength: min, maxLength: max }).map(list => list.join(''));
const padded = (max: number, length: number) => fc.integer({ min: 0, max }).map(n => String(n).padStart(length, '0'));

/** Limits of the integer types and of floats and doubles, and numbers halfway between two floats or doubles. */
const edges = [
  ...[8, 16, 32, 64].flatMap(bits => [-1n, 0n, 1n].map(off => 2n ** BigInt(bits - 1) + off)).map(String),
  ...['-128', '-129', '-32768', '-32769', '-2147483648', '-2147483649', '-9223372036854775808', '-9223372036854775809'],
  ...['0', '-0', '+0', '-0.0', '00', '0e5', '0e-400', '1.', '1.0', '1.50', '-.5', '+.5', '.5', '1e3', '1E+3', '12e-1'],
  ...['3.4028234663852886e38', '3.4028235677973366e38', '3.4028235677973365e38', '1.7976931348623157e308', '1.8e308'],
  ...['1e19', '1e39', '1e400', '1e-400', '-1e-60', '1.4e-45', '7.006492321624085e-46', '7.006492321624086e-46'],
  ...['16777217.0000000000000000001', '1.00000017881393432617187499', '1.00000017881393432617187501', '16777217.5'],
  ...[
    'NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    '1f',
    '1d',
    '10L',
    '1_000',
    '1e',
    'e5',
    '+',
    '-',
    '--1',
    '+-1',
    '1e9999999999',
  ],
];
const number = fc.oneof(
  fc.constantFrom(...edges),
  fc.integer({ min: -300, max: 300 }).map(String),
  fc
    .tuple(
      fc.constantFrom('', '-', '+'),
      digits(1, 22),
      fc.oneof(
        fc.constant(''),
        digits(0, 20).map(d => `.${d}`),
      ),
      fc.oneof(
        fc.constant(''),
        fc.tuple(fc.constantFrom('e', 'E', 'e+', 'e-'), digits(1, 3)).map(parts => parts.join('')),
      ),
    )
    .map(parts => parts.join('')),
);

const date = fc
  .tuple(
    padded(9999, 4),
    fc.oneof({ weight: 12, arbitrary: padded(12, 2) }, padded(99, 2)),
    fc.oneof({ weight: 12, arbitrary: padded(28, 2) }, padded(31, 2)),
  )
  .map(parts => parts.join('-'));
const time = fc
  .tuple(
    padded(23, 2),
    padded(59, 2),
    fc.oneof({ weight: 12, arbitrary: padded(59, 2) }, padded(99, 2)),
    padded(999, 3),
  )
  .map(([hour, minute, second, ms]) => `${hour}:${minute}:${second}.${ms}Z`);
const temporal = fc
  .oneof(
    date,
    time,
    fc.tuple(date, time).map(parts => parts.join('T')),
  )
  .chain(text => fc.constantFrom(text, text, text.replaceAll(':', '\\:')));

const word = fc.oneof(
  fc.constantFrom('null', 'true', 'false', 'NULL', 'True', 'nullx', 'a', '', ' ', '\\', 'a\\', '\\\\'),
  fc.string({ unit: fc.constantFrom(...MIXED, ...SPECIAL, ...UNICODE), maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
const quoted = fc.oneof(word.map(escaped), word, temporal, number).map(text => `"${text}"`);

const blank = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  fc.constantFrom(' ', '  ', '\t', '\r\n', '\u0000', '\u001f', '\u00a0', '\u2003', '\ufeff'),
);
const spaced = (text: fc.Arbitrary<string>) => fc.tuple(blank, text, blank).map(parts => parts.join(''));

/** Mostly items of one kind, because items of different types have no common type. */
const scalar = fc.oneof(
  { weight: 4, arbitrary: number },
  { weight: 2, arbitrary: temporal },
  { weight: 4, arbitrary: quoted },
  fc.constantFrom('true', 'false', 'null'),
);
const alike = (item: fc.Arbitrary<string>) =>
  fc.oneof(number, temporal, quoted, fc.constantFrom('true', 'false'), fc.constant('null'), item);

const { literal } = fc.letrec<{ literal: string }>(tie => ({
  literal: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    scalar,
    fc
      .constantFrom(number, temporal, quoted, alike(tie('literal')), tie('literal'))
      .chain(items =>
        fc
          .tuple(fc.array(spaced(items), { maxLength: 4 }), fc.constantFrom('', '', '', '', ','))
          .map(([list, end]) => `[${list.join(',')}${list.length > 0 ? end : ''}]`),
      ),
    fc
      .tuple(
        fc.constantFrom(quoted, quoted, number, temporal),
        fc.constantFrom(number, temporal, quoted, alike(tie('literal')), tie('literal')),
      )
      .chain(([keys, values]) =>
        fc
          .array(
            fc.tuple(spaced(keys), spaced(values)).map(entry => entry.join(':')),
            { maxLength: 3 },
          )
          .map(list => `{${list.join(',')}}`),
      ),
  ),
}));

/** Characters that are significant to the parser, and some that are not. */
const piece = fc.constantFrom(...'[]{}:,"\\ \t-+.eT0Z1a', '\\"', '\\:', '""', '\u00a0', 'é', '٣', '🦀');

/** A literal with an added, removed or changed character, or truncated. */
const mutated = (text: fc.Arbitrary<string>) =>
  fc
    .tuple(text, fc.array(fc.tuple(fc.nat(200), fc.nat(3), piece), { minLength: 1, maxLength: 3 }))
    .map(([start, changes]) =>
      changes.reduce((current, [place, change, inserted]) => {
        const at = place % (current.length + 1);
        if (change === 0) return current.slice(0, at) + current.slice(at + 1);
        if (change === 1) return current.slice(0, at) + inserted + current.slice(at + 1);
        return change === 2 ? current.slice(0, at) + inserted + current.slice(at) : current.slice(0, at);
      }, start),
    );

const texts = fc.oneof(
  { weight: 3, arbitrary: spaced(literal) },
  { weight: 3, arbitrary: mutated(literal) },
  { weight: 1, arbitrary: spaced(fc.oneof(number, temporal, quoted, word)) },
  { weight: 1, arbitrary: mutated(fc.oneof(number, temporal, quoted, word)) },
);

/** Bytes of a header, some of which are not valid UTF-8. */
export const headerBytes: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 30, arbitrary: texts.map(text => Buffer.from(text)) },
  fc.tuple(texts, fc.uint8Array({ minLength: 1, maxLength: 4 }), fc.nat(50)).map(([text, bytes, place]) => {
    const start = Buffer.from(text);
    return Buffer.concat([start.subarray(0, place), bytes, start.subarray(place)]);
  }),
);

import fc from 'fast-check';

/** Arbitrary values in the format of PostgreSQL's output functions with the connector's session settings. */
const pad = (value: number, width = 2) => String(value).padStart(width, '0');
/** Fraction without trailing zeros: `.5`, not `.500`. */
const fractionOf = (micros: number) => (micros === 0 ? '' : `.${pad(micros, 6).replace(/0+$/, '')}`);

const whole = (bits: number) =>
  fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }).map(String);

export const int16 = whole(16);
export const int32 = whole(32);
export const int64 = whole(64);
export const oid = fc.nat(2 ** 32 - 1).map(String);
export const boolean = fc.constantFrom('t', 'f');

/** Shortest round-trip text; from 10^15 with an exponent of at least two digits. */
const floatText = (value: number): string => {
  if (Object.is(value, -0)) return '-0';
  const large = Number.isFinite(value) && Math.abs(value) >= 1e15;
  return (large ? value.toExponential() : String(value)).replace(/e([+-])(\d)$/, 'e$10$2');
};
export const float64 = fc.double().map(floatText);
export const float32 = fc.float().map(value => {
  for (let digits = 1; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return floatText(shorter);
  }
  return floatText(Number(value.toPrecision(9)));
});

export const numeric = (scale: number) =>
  fc
    .oneof(
      { weight: 20, arbitrary: fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }) },
      { weight: 20, arbitrary: fc.bigInt({ min: -99_999n, max: 99_999n }) },
    )
    .map(unscaled => {
      const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
      const magnitude = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
      return unscaled < 0n ? `-${magnitude}` : magnitude;
    });
export const notANumber = fc.constantFrom('NaN');

/** Any characters except NUL, which PostgreSQL's text cannot contain. */
export const text = fc.string({ unit: 'binary' }).map(value => value.replaceAll('\0', ''));
export const uuid = fc.uuid();
export const bytea = fc.uint8Array().map(bytes => `\\x${Buffer.from(bytes).toString('hex')}`);
export const bits = fc.array(fc.constantFrom('0', '1'), { maxLength: 90 }).map(list => list.join(''));
export const enumLabel = fc.constantFrom('sad', 'ok', 'very "happy"', 'a,b');

export const day = fc
  .tuple(fc.integer({ min: -4712, max: 294_275 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([year, month, date]) => ({
    text: `${pad(year > 0 ? year : 1 - year, 4)}-${pad(month)}-${pad(date)}`,
    era: year > 0 ? '' : ' BC',
  }));
const timeOfDay = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.oneof(fc.constant(0), fc.nat(999_999)))
  .map(([hours, minutes, seconds, micros]) => `${pad(hours)}:${pad(minutes)}:${pad(seconds)}${fractionOf(micros)}`);
const infinite = fc.constantFrom('infinity', '-infinity');

export const date = fc.oneof({ weight: 20, arbitrary: day.map(({ text: at, era }) => at + era) }, infinite);
export const time = fc.oneof({ weight: 20, arbitrary: timeOfDay }, fc.constant('24:00:00'));
export const timestamp = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(day, timeOfDay).map(([{ text: at, era }, clock]) => `${at} ${clock}${era}`) },
  infinite,
);
export const timestamptz = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(day, timeOfDay).map(([{ text: at, era }, clock]) => `${at} ${clock}+00${era}`) },
  infinite,
);
export const timetz = fc
  .tuple(time, fc.constantFrom('+', '-'), fc.nat(15), fc.constantFrom('', ':30', ':45', ':30:15'))
  .map(([clock, sign, hours, rest]) => `${clock}${sign}${pad(hours)}${rest}`);

const amount = fc.integer({ min: -9999, max: 9999 });
export const interval = fc
  .tuple(fc.record({ Y: amount, M: amount, D: amount }), fc.record({ H: amount, M: amount }), amount, fc.nat(999_999))
  .map(([days, hours, seconds, micros]) => {
    const units = (part: Readonly<Record<string, number>>) =>
      Object.entries(part)
        .filter(([, value]) => value !== 0)
        .map(([unit, value]) => `${value}${unit}`)
        .join('');
    return `P${units(days)}T${units(hours)}${seconds}${fractionOf(micros)}S`;
  });

export const money = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }).map(cents => {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  const grouped = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${cents < 0n ? '-' : ''}$${grouped}.${digits.slice(-2)}`;
});

const quoted = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;
export const hstore = fc.dictionary(text, fc.option(text)).map(pairs =>
  Object.entries(pairs)
    .map(([key, value]) => `${quoted(key)}=>${value === null ? 'NULL' : quoted(value)}`)
    .join(', '),
);

/** Element in the format of array_out, which quotes only if necessary. */
const element = (value: string | null) => {
  if (value === null) return 'NULL';
  return value === '' || /[{}",\\\s]/.test(value) || value.toUpperCase() === 'NULL' ? quoted(value) : value;
};
export const arrayOf = (item: fc.Arbitrary<string>, depth = 1): fc.Arbitrary<string> =>
  depth === 1
    ? fc.array(fc.option(item)).map(items => `{${items.map(element).join(',')}}`)
    : fc.array(arrayOf(item, depth - 1), { minLength: 1 }).map(items => `{${items.join(',')}}`);

const coordinate = fc.double({ noNaN: true, noDefaultInfinity: true }).map(floatText);
export const point = fc.tuple(coordinate, coordinate).map(([x, y]) => `(${x},${y})`);
export const box = fc.tuple(point, point).map(both => both.join(','));
export const path = fc
  .tuple(fc.array(point, { minLength: 1 }), fc.boolean())
  .map(([points, closed]) => (closed ? `(${points.join(',')})` : `[${points.join(',')}]`));
export const circle = fc.tuple(point, coordinate).map(([center, radius]) => `<${center},${radius}>`);
export const vector = fc.array(coordinate, { minLength: 1 }).map(items => `[${items.join(',')}]`);
